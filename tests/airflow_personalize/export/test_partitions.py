"""Partitions: which one a run exports, how it is named, and how a wide one is cut."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.partitions import Partition, cut_by_key, cut_in_time, from_context, interval

JANUARY_1 = datetime(2026, 1, 1, tzinfo=UTC)
JANUARY_2 = datetime(2026, 1, 2, tzinfo=UTC)


def test_a_whole_utc_day_is_named_by_its_date():
    assert interval(JANUARY_1, JANUARY_2).directory == "dt=2026-01-01"
    berlin = timezone(timedelta(hours=1))
    shifted = interval(JANUARY_1.astimezone(berlin), JANUARY_2.astimezone(berlin))
    assert shifted == interval(JANUARY_1, JANUARY_2)


def test_any_other_interval_is_named_by_both_bounds():
    assert interval(JANUARY_1, JANUARY_1 + timedelta(hours=1)).key == "2026-01-01T000000-2026-01-01T010000"


def test_a_partition_key_wins_over_the_data_interval():
    context = {
        "dag_run": SimpleNamespace(partition_key="2026-01-05T00:00:00"),
        "data_interval_start": JANUARY_1,
        "data_interval_end": JANUARY_2,
    }
    assert [entry.key for entry in from_context(context, "INTERACTIONS")] == ["2026-01-05"]


def test_users_and_items_are_exported_whole():
    assert from_context({}, "USERS") == [Partition("full")]
    assert Partition("full").directory == "full"


def test_a_run_with_neither_key_nor_interval_says_what_to_do():
    with pytest.raises(ExportError, match="Trigger it with a partition key"):
        from_context({}, "INTERACTIONS")


@pytest.mark.parametrize("key", ["", "../x", "a/b", "a b", "x" * 101, "a\n"])
def test_a_key_that_is_no_folder_name_is_refused(key):
    with pytest.raises(ExportError, match="partition key"):
        Partition(key)


def test_an_empty_interval_is_refused():
    with pytest.raises(ExportError, match="is empty"):
        Partition("a", JANUARY_1, JANUARY_1)


def test_json_and_back():
    partition = Partition("2026-01-01", JANUARY_1, JANUARY_2, low=3, high=9, shard=0, shards=2, attempt="x")

    assert Partition.from_dict(partition.to_dict()) == partition


def test_a_misspelt_bound_is_named():
    with pytest.raises(ExportError, match="not begin"):
        Partition.from_dict({"key": "a", "begin": "2026-01-01"})


@given(shards=st.integers(1, 50), seconds=st.integers(1, 10**7))
def test_slices_in_time_cover_the_partition_without_overlap(shards, seconds):
    whole = Partition("p", JANUARY_1, JANUARY_1 + timedelta(seconds=seconds))

    slices = cut_in_time(whole, shards)

    assert slices[0].start == whole.start
    assert slices[-1].end == whole.end
    assert all(a.end == b.start for a, b in itertools.pairwise(slices))
    assert [part.shard for part in slices] == list(range(shards))


@given(first=st.integers(-(2**63), 2**63 - 1), width=st.integers(0, 10**6), shards=st.integers(1, 50))
def test_slices_by_key_hold_each_key_once(first, width, shards):
    slices = cut_by_key(Partition("p"), first, first + width, shards)

    assert slices[0].low == first
    assert slices[-1].high == first + width + 1
    assert all(a.high == b.low for a, b in itertools.pairwise(slices))
    assert all(part.low < part.high for part in slices)
