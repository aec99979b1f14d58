"""Rows of a query as the lines that a batch job is asked with."""

from __future__ import annotations

import json
import uuid

import pyarrow as pa
import pytest

from airflow_personalize.batch.input import BatchInputEncoder
from airflow_personalize.export.exceptions import ExportError


def lines_of(columns, **values):
    batch = pa.RecordBatch.from_pydict(values)
    encoder = BatchInputEncoder(columns, batch.schema.names)
    text, count = encoder.encode(batch)
    lines = [json.loads(line) for line in text.decode().splitlines()]
    assert len(lines) == count == encoder.lines
    return lines, encoder.skipped


@pytest.mark.parametrize(
    ("ids", "texts"),
    [
        ([7, 8], ["7", "8"]),
        (["ü", 'a"b'], ["ü", 'a"b']),
        ([b"x", b"y"], ["x", "y"]),
        (
            pa.array([uuid.UUID(int=n).bytes for n in (1, 2)], pa.uuid()),
            [f"{uuid.UUID(int=n)}" for n in (1, 2)],
        ),
    ],
)
def test_an_id_is_asked_about_as_the_export_writes_it(ids, texts):
    assert lines_of(("user_id",), user_id=ids)[0] == [{"userId": text} for text in texts]


def test_columns_that_the_recipe_does_not_ask_for_are_ignored_and_rows_without_an_id_are_counted():
    lines, skipped = lines_of(("item_id",), ITEM_ID=[1, None, 3], category=["a", "b", "c"])
    assert lines == [{"itemId": "1"}, {"itemId": "3"}]
    assert skipped == 1


@pytest.mark.parametrize("lists", [[["1", "2"], ["3"]], [[1, 2], [3]], ['["1", "2"]', "[3]"]])
def test_a_ranking_is_asked_with_the_items_of_an_array_or_of_json(lists):
    lines, _ = lines_of(("user_id", "item_list"), user_id=["u", "v"], item_list=lists)
    assert lines == [{"userId": "u", "itemList": ["1", "2"]}, {"userId": "v", "itemList": ["3"]}]


def test_values_of_a_filter_are_taken_where_the_query_has_them():
    lines, skipped = lines_of(("user_id",), user_id=["u", "v"], filter_values=['{"G": "\\"drama\\""}', None])
    assert lines == [{"userId": "u", "filterValues": {"G": '"drama"'}}, {"userId": "v"}]
    assert skipped == 0


@pytest.mark.parametrize(
    ("columns", "values", "said"),
    [
        (("user_id",), {"id": [1]}, "has no column user_id, only id"),
        (("user_id", "item_list"), {"user_id": ["u"], "item_list": ["1,2"]}, "input holds '1,2'"),
        (("user_id",), {"user_id": ["u"], "filter_values": ["[]"]}, "must be like {"),
        (("user_id",), {"user_id": [1.5]}, "'user_id' of the batch job's input holds no text"),
    ],
)
def test_a_query_that_does_not_fit_is_refused_by_column(columns, values, said):
    with pytest.raises(ExportError) as refused:
        lines_of(columns, **values)
    assert said in str(refused.value)
