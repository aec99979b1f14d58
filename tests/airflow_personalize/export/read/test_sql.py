"""Markers in queries: bound or written as literals, never confused with text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from airflow_personalize.export.exceptions import ExportError, QueryError
from airflow_personalize.export.read.sql import (
    JINJA_MARKERS,
    checked,
    literal,
    markers,
    read,
    with_literals,
    with_placeholders,
)

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


TAILS = [
    ";",
    ";;  ",
    " -- end",
    "; -- end",
    ";\n-- {{ end }}\n",
    "; /* end */",
    " /* a; b */ ; -- 'c",
    "\n\n;",
]


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("dialect", ["postgres", "mysql", "sqlite", None])
def test_what_follows_the_statement_is_left_out(dialect, tail):
    statement = "SELECT 1 AS a /* b */ FROM t"

    assert read(statement + tail, dialect).text == statement


@pytest.mark.parametrize("query", ["", " \n", ";", "-- nothing", "/* one\ntwo */ ; -- three", "-- :start\n;"])
@pytest.mark.parametrize("dialect", ["postgres", "mysql", "sqlite", None])
def test_a_query_of_comments_only_is_empty(dialect, query):
    with pytest.raises(QueryError, match="the query is empty"):
        with_literals(query, BOUNDS, dialect)


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("postgres", "SELECT $$ ' :start -- $$, E'\\' :start', U&'d\\0061 :start', \"a :end\", a[1:2]"),
        ("postgres", "SELECT 1 /* a /* nested :start */ :end */ + 2 -- :low"),
        ("postgres", "SELECT x FROM t WHERE tags @> '{a}' AND data->>'b' = 'c' AND y::int % 2 = 0"),
        ("mysql", "SELECT 'it\\'s :start', \"a \\\" :end\", `b :low` # :start"),
        ("mysql", "SELECT 1 -- :start\n, 2 /* :end */, 5--3"),
        ("sqlite", "SELECT [a :start], `b :end`, \"c :low\", 'd '' :start' -- :end"),
    ],
)
def test_strings_names_and_comments_are_those_of_the_dialect(dialect, text):
    query = f"{text}\n, :start"

    assert markers(query, dialect) == {"start"}
    assert [marker.line for marker in read(query, dialect).markers] == [query.count("\n") + 1]


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("SELECT a FROM t WHERE b >= ':partition_start'", 1),
        ("SELECT a\nFROM t\nWHERE b >= TIMESTAMP ':partition_start'", 3),
        ("SELECT a FROM t WHERE b >= 'x\n:partition_start 00:00'", 2),
        ('SELECT a FROM t\nWHERE b >= ":partition_start"', 2),
    ],
)
@pytest.mark.parametrize("dialect", ["postgres", "mysql", "sqlite", None])
def test_a_marker_in_quotes_is_refused_with_its_line(dialect, query, line):
    with pytest.raises(QueryError, match=r"the marker \{\{ start \}\} is in quotes") as caught:
        with_placeholders(query, BOUNDS, "?", dialect=dialect)

    assert caught.value.line == line
    assert f"line {line} of the query" in str(caught.value)


def test_rendered_markers_are_markers():
    assert with_literals(f"SELECT {JINJA_MARKERS['low']}", {"low": 3}) == "SELECT (3)"


@pytest.mark.parametrize(
    ("query", "problem", "line"),
    [
        ("SELECT 1;\nSELECT 2", "several statements", 1),
        ("SELECT 1;\n\n; DROP TABLE t", "several statements", 1),
        ("-- a\nDELETE FROM t", "begins with DELETE: it must be a SELECT", 2),
        ("SELECT 'a\n", "a string, a quoted name or a comment that begins in it does not end", 1),
        ("SELECT a /* b\n", "does not end", 1),
    ],
)
def test_what_is_no_single_query_is_refused_with_its_line(query, problem, line):
    with pytest.raises(QueryError, match=problem) as caught:
        checked(query, "postgres")

    assert caught.value.line == line


def test_literals_of_mysql_have_no_time_zone():
    assert literal(BOUNDS["start"], "mysql") == "TIMESTAMP '2026-01-01 00:00:00'"
