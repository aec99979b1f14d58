"""Ids that match what somebody types."""

from __future__ import annotations

import pyarrow as pa
import pytest

from localpersonalize.page import search
from localpersonalize.runtime.deployment import GroupData
from localpersonalize.runtime.histories import Histories, StreamedEvent
from localpersonalize.runtime.metadata import Metadata

ITEMS = {
    "ITEM_ID": ["b1", "b2", "ab", "b", "<script>alert(1)</script>"],
    "TITLE": ["Alien", "Brazil", "Casablanca", "Dune", "Evil"],
    "GENRE": ["horror|scifi", "scifi", None, "scifi", "drama"],
    "PRICE": [1.5, 2.0, 3.0, 4.0, 5.0],
}


@pytest.fixture
def data() -> GroupData:
    histories = Histories()
    histories.add(
        [
            StreamedEvent("u1", "s", "b2", 5),
            StreamedEvent("u2", "s", "b2", 6),
            StreamedEvent("u1", "s", "new", 7),
        ]
    )
    items = Metadata(pa.table(ITEMS), "ITEM_ID", fields=frozenset(ITEMS))
    users = Metadata(
        pa.table({"USER_ID": ["u1", "u3"], "AGE": [30, None]}),
        "USER_ID",
        fields=frozenset({"USER_ID", "AGE"}),
    )
    return GroupData(histories, users, items)


def _ids(suggestions: list[search.Suggestion]) -> list[str]:
    return [suggestion.id for suggestion in suggestions]


def test_the_text_itself_comes_first_then_what_begins_with_it(data: GroupData):
    assert _ids(search.items(data, "b")) == ["b", "b1", "b2", "ab"]


def test_items_are_found_by_their_titles_in_any_case(data: GroupData):
    assert search.items(data, "casaBL") == [search.Suggestion("ab", "Casablanca")]


def test_items_that_only_events_name_are_found(data: GroupData):
    assert _ids(search.items(data, "new")) == ["new"]


def test_users_of_the_dataset_and_of_events_are_found(data: GroupData):
    assert _ids(search.users(data, "u")) == ["u1", "u3", "u2"]
    assert search.users(data, "u1")[0].label == "30"


def test_without_a_text_the_most_frequent_are_suggested(data: GroupData):
    assert _ids(search.items(data, ""))[0] == "b2"
    assert _ids(search.users(data, "")) == ["u1", "u3"]


def test_ids_are_texts_and_no_patterns(data: GroupData):
    assert _ids(search.items(data, "<script>")) == ["<script>alert(1)</script>"]
    assert search.items(data, ".*") == []


def test_titles_and_details(data: GroupData):
    assert search.title(data.items, "b1") == "Alien"
    assert search.details(data.items, "b1") == {"GENRE": "horror, scifi", "PRICE": "1.5"}
    assert search.details(data.items, "nobody") == {}
