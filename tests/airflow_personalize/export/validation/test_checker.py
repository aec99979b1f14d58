"""Each rule: the value that breaks it, its neighbour that does not, and what the contract makes of it."""

from __future__ import annotations

import time
from decimal import Decimal

import pyarrow as pa
import pytest

from airflow_personalize.export.exceptions import RuleViolatedError, SchemaMismatchError
from airflow_personalize.export.validation.checker import BatchChecker, rows_of
from airflow_personalize.export.validation.contract import Action, Contract, Rule
from airflow_personalize.export.write.csv_format import encode

NOW = (
    int(time.time()) // 86400 * 86400
)  # of the day: it is in names of tests, which workers collect one by one
GOOD_EVENT = {
    "user_id": "u1",
    "item_id": "i1",
    "event_type": "view",
    "event_value": 1.5,
    "device": "phone",
    "timestamp": NOW - 60,
}
GOOD_ITEM = {
    "ITEM_ID": "i1",
    "GENRES": "drama|war",
    "PRICE": 9.5,
    "IN_STOCK": True,
    "STARS": 4,
    "DESCRIPTION": "fine",
    "CREATION_TIMESTAMP": NOW - 60,
}


def batch(good, rows, **types):
    columns = {name: [{**good, **row}[name] for row in rows] for name in good}
    arrays = [pa.array(values, types.get(name)) for name, values in columns.items()]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


@pytest.fixture
def events(interactions_schema):
    """Check rows of the interactions dataset, each given as what differs from a good one."""

    def check(*rows, contract=None, **types):
        checker = BatchChecker(
            "interactions", interactions_schema, interactions_schema.names, contract or Contract()
        )
        return checker.check(batch(GOOD_EVENT, rows, **types))

    return check


@pytest.fixture
def items(items_schema):
    def check(*rows, contract=None, **types):
        checker = BatchChecker("items", items_schema, items_schema.names, contract or Contract())
        return checker.check(batch(GOOD_ITEM, rows, **types))

    return check


def reasons(checked):
    return (
        [] if checked.rejected is None else [(rule, name) for _, rule, name, _ in rows_of(checked.rejected)]
    )


@pytest.mark.parametrize(
    ("field", "bad", "good", "rule"),
    [
        ("user_id", None, "0", Rule.MISSING_VALUE),
        ("user_id", "", " ", Rule.MISSING_VALUE),
        ("item_id", "x" * 257, "x" * 256, Rule.ID_TOO_LONG),
        ("item_id", "é" * 257, "é" * 256, Rule.ID_TOO_LONG),
        ("event_type", None, "view", Rule.MISSING_VALUE),
        ("event_type", "x" * 257, "x" * 256, Rule.EVENT_TYPE_TOO_LONG),
        ("device", "x" * 1001, "x" * 1000, Rule.CATEGORICAL_TOO_LONG),
        ("device", "|tv", "tv", Rule.STRAY_SEPARATOR),
        ("device", "tv|", "tv|phone", Rule.STRAY_SEPARATOR),
        ("device", "tv||phone", "a|b|c", Rule.STRAY_SEPARATOR),
        ("device", "tv| |phone", "smart tv|phone", Rule.STRAY_SEPARATOR),
        ("device", "a\tb", "a b", Rule.CONTROL_CHARACTER),
        ("device", "a\nb", "a,b", Rule.CONTROL_CHARACTER),
        ("user_id", "a\x7fb", "a~b", Rule.CONTROL_CHARACTER),
        ("user_id", "a\x85b", "a\xa0b", Rule.CONTROL_CHARACTER),
        ("user_id", "USER_ID", "user_id", Rule.RESERVED_VALUE),
        ("event_type", "TIMESTAMP", "TIMESTAMPS", Rule.RESERVED_VALUE),
        ("event_value", float("nan"), None, Rule.NOT_FINITE),
        ("event_value", float("-inf"), -0.0, Rule.NOT_FINITE),
        ("event_value", 1e39, 3.4e38, Rule.WRONG_TYPE),
        ("timestamp", None, NOW, Rule.MISSING_VALUE),
        ("timestamp", NOW * 1000, NOW, Rule.TIMESTAMP_NOT_SECONDS),
        ("timestamp", NOW * 10**6, NOW, Rule.TIMESTAMP_NOT_SECONDS),
        ("timestamp", NOW * 10**9, NOW, Rule.TIMESTAMP_NOT_SECONDS),
        ("timestamp", 0, 631_152_000, Rule.TIMESTAMP_OUT_OF_RANGE),
        ("timestamp", -1, NOW - 1, Rule.TIMESTAMP_OUT_OF_RANGE),
        ("timestamp", NOW + 400 * 86_400, NOW + 86_400, Rule.TIMESTAMP_OUT_OF_RANGE),
    ],
)
def test_a_value_that_breaks_a_rule_is_rejected_and_its_neighbour_is_not(events, field, bad, good, rule):
    checked = events({field: good}, {field: bad}, {field: good})

    assert reasons(checked) == [(rule, field)]
    assert list(checked.rejected.rows) == [2]
    assert checked.written.num_rows == 2


@pytest.mark.parametrize(
    ("field", "kind", "bad", "good", "rule"),
    [
        ("STARS", pa.int64(), 2**31, 2**31 - 1, Rule.WRONG_TYPE),
        ("STARS", pa.int64(), -(2**31) - 1, -(2**31), Rule.WRONG_TYPE),
        ("STARS", pa.uint64(), 2**63, 3, Rule.WRONG_TYPE),
        ("STARS", pa.float64(), 2.5, 2.0, Rule.WRONG_TYPE),
        ("STARS", pa.float64(), float("inf"), 2.0, Rule.NOT_FINITE),
        ("STARS", pa.string(), "4.5", "4.00", Rule.WRONG_TYPE),
        ("STARS", pa.string(), "four", "+4", Rule.WRONG_TYPE),
        ("STARS", pa.string(), "99999999999999999999", "007", Rule.WRONG_TYPE),
        ("PRICE", pa.string(), "9,50", "9.50", Rule.WRONG_TYPE),
        ("PRICE", pa.string(), "NaN", "-1e3", Rule.NOT_FINITE),
        ("PRICE", pa.int64(), 2**53 + 1, 2**53, Rule.WRONG_TYPE),
        ("IN_STOCK", pa.string(), "TRUE", "true", Rule.NOT_BOOLEAN),
        ("IN_STOCK", pa.string(), "yes", "false", Rule.NOT_BOOLEAN),
        ("IN_STOCK", pa.int64(), 2, 1, Rule.NOT_BOOLEAN),
        ("DESCRIPTION", pa.string(), "a\x00b", "a\r\n\tb", Rule.CONTROL_CHARACTER),
        ("DESCRIPTION", pa.binary(), b"caf\xe9", "café".encode(), Rule.BAD_ENCODING),
    ],
)
def test_a_value_that_its_type_cannot_hold_exactly_is_rejected(items, field, kind, bad, good, rule):
    checked = items({"ITEM_ID": "a", field: good}, {"ITEM_ID": "b", field: bad}, **{field: kind})

    assert reasons(checked) == [(rule, field)]
    assert checked.written.column("ITEM_ID").to_pylist() == ["a"]


@pytest.mark.parametrize(
    ("field", "kind", "value", "written"),
    [
        ("ITEM_ID", pa.int64(), 17, "17"),
        ("PRICE", pa.decimal128(10, 2), Decimal("9.50"), "9.5"),
        ("STARS", pa.string(), "4.00", "4"),
        ("IN_STOCK", pa.int8(), 0, "false"),
        ("GENRES", pa.dictionary(pa.int8(), pa.string()), "war", "war"),
        ("CREATION_TIMESTAMP", pa.date32(), 20_000, "1728000000"),
        ("CREATION_TIMESTAMP", pa.timestamp("us", "UTC"), 1_700_000_000_999_999, "1700000000"),
        ("CREATION_TIMESTAMP", pa.timestamp("s"), 1_700_000_000, "1700000000"),
    ],
)
def test_a_database_type_is_written_as_its_field_says(items, field, kind, value, written):
    checked = items({field: value}, **{field: kind})

    assert checked.rejected is None
    line = encode(checked.written).to_pybytes().decode().rstrip("\n")
    assert line.split(",")[list(GOOD_ITEM).index(field)] == written


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.timestamp("us"), pa.time64("us")])
def test_a_column_that_never_fits_its_field_stops_the_export(items, kind):
    with pytest.raises(SchemaMismatchError, match=r"column 'GENRES' is .*, its field is string"):
        items({"GENRES": None if kind != pa.list_(pa.string()) else ["a"]}, GENRES=kind)


def test_missing_extra_and_repeated_columns_are_named_at_once(interactions_schema):
    names = ["USER_ID", "user_id", "item_id", "event_type", "device", "timestamp", "price"]

    with pytest.raises(SchemaMismatchError) as mismatch:
        BatchChecker("interactions", interactions_schema, names)

    message = str(mismatch.value)
    assert "column 'event_value' is missing" in message
    assert "column 'price' is not in the schema" in message
    assert "column 'USER_ID' appears 2 times" in message


def test_columns_match_whatever_their_case_and_order_and_are_written_as_the_schema_spells_them(
    interactions_schema,
):
    names = [name.upper() for name in reversed(interactions_schema.names)]
    values = batch(GOOD_EVENT, [{}]).columns[::-1]
    checker = BatchChecker("interactions", interactions_schema, names)

    checked = checker.check(pa.RecordBatch.from_arrays(values, names=names))

    assert checked.written.to_pylist() == [GOOD_EVENT]


def test_of_equal_ids_the_first_row_is_written_also_over_batches(items_schema):
    checker = BatchChecker("items", items_schema, items_schema.names)

    first = checker.check(batch(GOOD_ITEM, [{"ITEM_ID": id_} for id_ in ("a", "b", "a")]))
    second = checker.check(batch(GOOD_ITEM, [{"ITEM_ID": id_} for id_ in ("b", "c")]))

    assert list(first.rejected.rows) == [3]
    assert list(second.rejected.rows) == [4]
    assert reasons(second) == [(Rule.DUPLICATE_ID, "ITEM_ID")]


def test_a_number_and_its_digits_are_the_same_id(items_schema):
    checker = BatchChecker("items", items_schema, items_schema.names)

    checker.check(batch(GOOD_ITEM, [{"ITEM_ID": 7}]))
    second = checker.check(batch(GOOD_ITEM, [{"ITEM_ID": "7"}, {"ITEM_ID": "07"}]))

    assert list(second.rejected.rows) == [2]


def test_a_rejected_row_does_not_claim_its_id(items):
    checked = items({"STARS": 2**40}, {"STARS": 3}, STARS=pa.int64())

    assert reasons(checked) == [(Rule.WRONG_TYPE, "STARS")]
    assert checked.written.column("STARS").to_pylist() == [3]


def test_a_row_that_breaks_several_rules_is_rejected_once_for_the_first(events):
    checked = events({"user_id": "", "device": "|", "timestamp": 0})

    assert reasons(checked) == [(Rule.MISSING_VALUE, "user_id")]


def test_stop_names_table_row_field_and_value(events):
    contract = Contract(rules={Rule.TIMESTAMP_NOT_SECONDS: Action.STOP})

    with pytest.raises(RuleViolatedError) as violated:
        events({}, {"timestamp": NOW * 1000}, contract=contract)

    message = str(violated.value)
    assert "dataset 'interactions', row 2 of the query, field 'timestamp'" in message
    assert f"timestamp_not_seconds ({NOW * 1000}, which are milliseconds)" in message


def test_drop_value_writes_the_row_without_it_where_the_field_may_be_null(events):
    contract = Contract(default=Action.DROP_VALUE)

    checked = events({"device": "|"}, {"event_value": float("nan")}, {"user_id": ""}, contract=contract)

    assert checked.written.column("device").to_pylist() == [None, "phone"]
    assert checked.written.column("event_value").to_pylist() == [1.5, None]
    assert checked.dropped == {Rule.STRAY_SEPARATOR: 1, Rule.NOT_FINITE: 1}
    assert reasons(checked) == [(Rule.MISSING_VALUE, "user_id")]


@pytest.mark.parametrize(
    ("text", "cut"), [("z" * 20_001, "z" * 20_000), ("漢" * 7_001, "漢" * 7_000), ("é" * 7_001, "é" * 7_001)]
)
def test_text_over_its_limit_is_cut_off_as_the_service_does_and_counted(items, text, cut):
    checked = items({"ITEM_ID": "a"}, {"ITEM_ID": "b", "DESCRIPTION": text})

    assert checked.rejected is None
    assert checked.written.column("DESCRIPTION").to_pylist() == ["fine", cut]
    assert checked.dropped == ({Rule.TEXT_TOO_LONG: 1} if cut != text else {})


@pytest.mark.parametrize(("text", "limit"), [("z" * 20_001, 20_000), ("漢" * 7_001, 7_000)])
def test_text_over_its_limit_is_rejected_where_the_contract_says_so(items, text, limit):
    contract = Contract(rules={Rule.TEXT_TOO_LONG: Action.REJECT})
    checked = items({"DESCRIPTION": text[:limit]}, {"ITEM_ID": "b", "DESCRIPTION": text}, contract=contract)

    assert reasons(checked) == [(Rule.TEXT_TOO_LONG, "DESCRIPTION")]


def test_only_text_can_be_truncated():
    with pytest.raises(ValueError, match="text_too_long alone"):
        Contract(rules={Rule.ID_TOO_LONG: Action.TRUNCATE})


def test_an_integer_that_a_float_rounds_is_written_with_all_its_digits(events):
    checked = events({"event_value": 20_000_001}, event_value=pa.int64())

    assert checked.rejected is None
    assert b"20000001" in encode(checked.written).to_pybytes()


def test_an_empty_text_in_a_field_that_may_be_null_is_a_null(events):
    checked = events({"device": ""})

    assert checked.rejected is None
    assert checked.written.column("device").to_pylist() == [None]
    assert not checked.dropped
