"""Rows put one by one replace imported ones, and are seen at once."""

import pyarrow as pa

from localpersonalize.runtime.metadata import Metadata

TABLE = pa.table({"ITEM_ID": ["a", "b"], "PRICE": [1.0, 2.0], "GENRE": ["red", None]})


def test_rows_are_found_by_id_without_it() -> None:
    items = Metadata(TABLE, "ITEM_ID")
    assert items.row("b") == {"PRICE": 2.0, "GENRE": None}
    assert items.row("x") is None
    assert items.value("a", "GENRE") == "red"
    assert items.value("a", "COLOUR") is None


def test_put_rows_lie_on_top_and_the_snapshot_before_stays() -> None:
    before = Metadata(TABLE, "ITEM_ID")
    after = before.with_rows([{"ITEM_ID": "a", "PRICE": 9}, {"ITEM_ID": "c", "GENRE": "blue"}])
    assert before.value("a", "PRICE") == 1.0
    assert after.ids() == ["a", "b", "c"]
    assert after.table().to_pylist() == [
        {"ITEM_ID": "b", "PRICE": 2.0, "GENRE": None},
        {"ITEM_ID": "a", "PRICE": 9.0, "GENRE": None},
        {"ITEM_ID": "c", "PRICE": None, "GENRE": "blue"},
    ]


def test_a_dataset_that_was_never_imported_has_what_was_put() -> None:
    items = Metadata(None, "ITEM_ID").with_rows([{"ITEM_ID": "a", "PRICE": 1}])
    assert items.table().to_pylist() == [{"ITEM_ID": "a", "PRICE": 1}]
