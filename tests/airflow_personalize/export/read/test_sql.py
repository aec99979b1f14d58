"""Markers in queries: bound or written as literals, never confused with text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.read.sql import literal, markers, with_literals, with_placeholders

BOUNDS = {"start": datetime(2026, 1, 1, tzinfo=UTC), "end": datetime(2026, 1, 2, tzinfo=UTC)}


def test_markers_become_typed_literals():
    query = "SELECT a::text FROM t WHERE at >= :start AND at < :end;"

    assert with_literals(query, BOUNDS) == (
        "SELECT a::text FROM t WHERE at >= TIMESTAMPTZ '2026-01-01T00:00:00+00:00' "
        "AND at < TIMESTAMPTZ '2026-01-02T00:00:00+00:00'"
    )


def test_text_and_comments_are_left_alone():
    query = "SELECT ':start', \":end\", 'it''s :end' -- :start\n/* :low\n:high */ FROM t WHERE a::start"

    assert markers(query) == set()
    assert with_literals(query, {}) == query


def test_placeholders_come_with_their_values_in_order():
    query = "SELECT a FROM t WHERE b LIKE 'x%' AND at < :end AND at >= :start"

    assert with_placeholders(query, BOUNDS, "%s") == (
        "SELECT a FROM t WHERE b LIKE 'x%%' AND at < %s AND at >= %s",
        [BOUNDS["end"], BOUNDS["start"]],
    )
    assert with_placeholders(query, BOUNDS, "?", str)[1] == [str(BOUNDS["end"]), str(BOUNDS["start"])]


def test_without_markers_percent_signs_stay_single():
    assert with_placeholders("SELECT 5 % 3", {}, "%s") == ("SELECT 5 % 3", None)


def test_a_marker_without_a_value_names_itself():
    with pytest.raises(ExportError, match=r"the query uses \{\{ low \}\}, but the partition has no low"):
        with_literals("SELECT 1 WHERE id > :low", BOUNDS)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (
            datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
            "TIMESTAMPTZ '2026-01-01T00:00:00+00:00'",
        ),
        (datetime(2026, 1, 1), "TIMESTAMPTZ '2026-01-01T00:00:00+00:00'"),
        (date(2026, 1, 1), "DATE '2026-01-01'"),
        (-5, "(-5)"),
        ("o'clock'); DROP TABLE t;--", "'o''clock''); DROP TABLE t;--'"),
    ],
)
def test_literals_say_their_type(value, written):
    assert literal(value) == written


@pytest.mark.parametrize("value", [1.5, True, None, "a\\", "a\0"])
def test_what_has_no_safe_literal_is_refused(value):
    with pytest.raises(ExportError, match="cannot be a bound of a partition"):
        literal(value)
