"""Data frames, CSV files and rows become what the service imports."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from localpersonalize.datasets.schemas import parse_fields
from localpersonalize.sdk.tables import avro_schema, csv_of, table_of

ROWS = [
    {"user_id": 7, "item_id": "a", "timestamp": datetime(2026, 1, 1, tzinfo=UTC), "event_value": 1},
    {"user_id": 8, "item_id": "b", "timestamp": datetime(2026, 1, 2, tzinfo=UTC), "event_value": None},
]


def fields(rows: list[dict[str, Any]], dataset_type: str = "Items") -> dict[str, Any]:
    schema = avro_schema(table_of(rows), dataset_type)
    parse_fields(schema)
    return {entry["name"]: entry for entry in json.loads(schema)["fields"]}


def test_names_and_types_are_those_that_the_service_reserves() -> None:
    table = table_of(ROWS)
    assert table.column_names == ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_VALUE"]
    assert table.to_pylist()[0] == {
        "USER_ID": "7",
        "ITEM_ID": "a",
        "TIMESTAMP": 1767225600,
        "EVENT_VALUE": 1.0,
    }
    entries = fields(ROWS, "Interactions")
    assert entries["TIMESTAMP"]["type"] == "long"
    assert entries["EVENT_VALUE"]["type"] == ["null", "float"]


def test_ids_of_digits_stay_text_in_files(tmp_path: Path) -> None:
    file = tmp_path / "i.csv"
    file.write_text("user_id,ITEM_ID,TIMESTAMP\n007,1e3,1\n")
    assert table_of(file).to_pylist() == [{"USER_ID": "007", "ITEM_ID": "1e3", "TIMESTAMP": 1}]
    assert table_of(str(file)).num_rows == 1


def test_data_frames_of_any_library(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"ITEM_ID": ["a", "b"], "GENRE": pandas.Categorical(["x", "y"]), "PRICE": [1.5, None]}
    )
    assert table_of(frame).to_pylist()[0] == {"ITEM_ID": "a", "GENRE": "x", "PRICE": 1.5}
    assert table_of(pa.table({"item_id": [1]})).to_pylist() == [{"ITEM_ID": "1"}]


def test_strings_are_categorical_and_the_first_long_one_of_items_is_text() -> None:
    rows = [{"ITEM_ID": "a", "GENRE": "x|y", "PLOT": "p" * 200, "NOTES": "n" * 200, "AGE": 1, "SEEN": True}]
    entries = fields(rows)
    assert entries["GENRE"] == {"name": "GENRE", "type": "string", "categorical": True}
    assert entries["PLOT"] == {"name": "PLOT", "type": "string", "textual": True}
    assert "textual" not in entries["NOTES"]
    assert (entries["AGE"]["type"], entries["SEEN"]["type"]) == ("long", "boolean")
    assert fields([{"USER_ID": "u", "BIO": "b" * 200}], "Users")["BIO"]["categorical"]


def test_other_types_of_numbers_and_columns_without_values() -> None:
    entries = fields([{"ITEM_ID": "a", "PRICE": Decimal("1.50"), "NOTHING": None}])
    assert entries["PRICE"]["type"] == "float"
    assert entries["NOTHING"]["type"] == ["null", "string"]


def test_line_breaks_become_spaces_and_quotes_survive() -> None:
    text = csv_of(table_of([{"ITEM_ID": "a", "PLOT": 'one\r\ntwo "three", four'}])).decode()
    assert text == 'ITEM_ID,PLOT\n"a","one two ""three"", four"\n'


def test_what_cannot_be_read_names_its_column() -> None:
    with pytest.raises(ValueError, match="Column TIMESTAMP can't be read as long"):
        table_of([{"USER_ID": "u", "ITEM_ID": "i", "TIMESTAMP": "yesterday"}])
