"""Rows of an answer, and how they moved."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from localpersonalize.page.results import NEW, changes_of, events_of, rows_of
from localpersonalize.runtime.deployment import GroupData
from localpersonalize.runtime.histories import Histories, StreamedEvent
from localpersonalize.runtime.metadata import Metadata


@pytest.fixture
def data() -> GroupData:
    histories = Histories()
    histories.add(
        [
            StreamedEvent("u1", "s", f"i{n}", 1_700_000_000 + n, "Click", float(n) if n else None)
            for n in range(20)
        ]
    )
    items = Metadata(
        pa.table({"ITEM_ID": ["i1"], "NAME": ["One"]}), "ITEM_ID", fields=frozenset({"ITEM_ID", "NAME"})
    )
    return GroupData(histories, Metadata(None, "USER_ID"), items)


def _answer(*ids: str) -> dict[str, Any]:
    return {"itemList": [{"itemId": name, "score": 1 / rank} for rank, name in enumerate(ids, 1)]}


def test_rows_have_places_titles_and_shares(data: GroupData):
    first, second = rows_of(_answer("i1", "i2"), data, [])
    assert (first.rank, first.title, first.share, first.moved) == (1, "One", 1.0, None)
    assert (second.title, second.share) == ("", 0.5)
    assert changes_of([first, second], []) is None


def test_movements_are_counted_in_places(data: GroupData):
    before = ["i1", "i2", "i3"]
    rows = rows_of(_answer("i3", "i1", "i4"), data, before)
    assert [row.moved for row in rows] == [2, -1, NEW]
    changes = changes_of(rows, before)
    assert changes is not None
    assert (changes.new, changes.moved, changes.gone, changes.are_none) == (1, 2, ["i2"], False)


def test_the_same_list_has_no_changes(data: GroupData):
    changes = changes_of(rows_of(_answer("i1", "i2"), data, ["i1", "i2"]), ["i1", "i2"])
    assert changes is not None
    assert changes.are_none


def test_scores_may_be_missing_and_notes_are_shown(data: GroupData):
    listed = [{"itemId": "i1", "promotionName": "sale"}, {"itemId": "i2", "reason": ["exploration"]}]
    first, second = rows_of({"itemList": listed}, data, [])
    assert (first.score, first.share, first.notes) == (None, 0.0, ("promoted by sale",))
    assert second.notes == ("exploration",)


def test_rankings_and_actions_are_lists_too(data: GroupData):
    assert [
        row.id for row in rows_of({"personalizedRanking": [{"itemId": "i1", "score": 0.5}]}, data, [])
    ] == ["i1"]
    assert [row.id for row in rows_of({"actionList": [{"actionId": "a1", "score": 0.0}]}, data, [])] == ["a1"]


def test_the_newest_events_come_first(data: GroupData):
    events = events_of(data, "u1", {"click": "Click"})
    assert [event.item for event in events] == [f"i{n}" for n in range(19, 7, -1)]
    assert (events[0].type, events[0].value, events[0].when) == ("Click", 19.0, "2023-11-14 22:13:39")
    assert events_of(data, "nobody", {}) == []
