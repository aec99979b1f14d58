"""Values of `properties`: each Avro type at its limits and beyond, and a refusal that names the field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from localpersonalize.datasets.events import event_row, record_row
from localpersonalize.datasets.property_values import converted
from localpersonalize.datasets.schemas import Field
from localpersonalize.protocol.errors import InvalidInputError

KINDS = ("int", "long", "float", "double", "boolean", "string")
FIELDS = {kind.upper(): Field(kind.upper(), kind, True) for kind in KINDS} | {
    "ITEM_ID": Field("ITEM_ID", "string", False),
    "GENRE": Field("GENRE", "string", True, categorical=True),
    "ABOUT": Field("ABOUT", "string", True, textual=True),
    "CREATION_TIMESTAMP": Field("CREATION_TIMESTAMP", "long", True),
}


def put(properties: str) -> dict[str, Any]:
    return record_row(("ITEM_ID", "i1"), properties, FIELDS)


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("int", 2**31 - 1, 2**31 - 1),
        ("int", -(2**31), -(2**31)),
        ("int", "12", 12),
        ("int", "+7", 7),
        ("int", 5.0, 5),
        ("long", 2**63 - 1, 2**63 - 1),
        ("long", -(2**63), -(2**63)),
        ("long", "-9", -9),
        ("float", 3.4e38, 3.4e38),
        ("float", 2**24 + 1, 2.0**24 + 1),
        ("float", "1e3", 1000.0),
        ("float", -0.0, 0.0),
        ("double", 1.7e308, 1.7e308),
        ("double", "1e-400", 0.0),
        ("boolean", True, True),
        ("boolean", "false", False),
        ("string", "x", "x"),
        ("string", "x" * 5000, "x" * 5000),
        ("string", "", None),
        ("int", "", None),
        ("int", None, None),
    ],
)
def test_values_of_their_type_are_kept(kind: str, value: Any, stored: Any) -> None:
    assert converted(value, FIELDS[kind.upper()], "item i1") == stored


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", 2**31),
        ("int", -(2**31) - 1),
        ("int", 2**40),
        ("int", str(2**31)),
        ("int", 1.5),
        ("int", True),
        ("int", "1_0"),
        ("int", " 1"),
        ("int", "1e3"),
        ("int", "0x10"),
        ("int", [1]),
        ("int", {}),
        ("int", "٣"),
        ("int", 1e300),
        ("long", 2**63),
        ("long", -(2**63) - 1),
        ("long", 1e19),
        ("long", "9" * 5000),
        ("long", False),
        ("float", 3.5e38),
        ("float", 1e39),
        ("float", "NaN"),
        ("float", "inf"),
        ("float", "1_0"),
        ("float", True),
        ("float", 10**400),
        ("float", [1.0]),
        ("double", "1e400"),
        ("double", "Infinity"),
        ("double", 10**400),
        ("boolean", 1),
        ("boolean", "True"),
        ("boolean", "yes"),
        ("boolean", []),
        ("string", 1),
        ("string", 1.5),
        ("string", True),
        ("string", []),
        ("string", {"a": {}}),
        ("string", "TIMESTAMP"),
    ],
)
def test_values_that_a_field_cannot_hold_are_refused_by_name(kind: str, value: Any) -> None:
    with pytest.raises(InvalidInputError, match=f"{kind.upper()} of item i1"):
        converted(value, FIELDS[kind.upper()], "item i1")


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ('{"double": NaN}', "NaN is no number of JSON"),
        ('{"double": -Infinity}', "-Infinity is no number"),
        ('{"double": 1e400}', "DOUBLE of ITEM_ID i1 is not of type double"),
        ('{"long": ' + "9" * 5000 + "}", "are not JSON"),
        ('{"string": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply"),
        ('{"string": "\\ud800"}', "STRING of ITEM_ID i1 is not valid Unicode"),
        ('{"genre": "' + "g" * 1001 + '"}', "GENRE of ITEM_ID i1 has 1001 characters; at most 1000"),
        ('{"itemId": "' + "i" * 257 + '"}', "ITEM_ID of ITEM_ID i1 has 257 characters; at most 256"),
        ('{"genre": "a", "GENRE": "b"}', "more than once"),
        ('{"creationTimestamp": 1700000000000}', "CREATION_TIMESTAMP of ITEM_ID i1 .* not in epoch seconds"),
        ("[]", "not a JSON object"),
        ('"x"', "not a JSON object"),
        ("nothing", "are not JSON"),
    ],
)
def test_properties_that_could_poison_a_group_are_refused(properties: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        put(properties)


@pytest.mark.parametrize(("letter", "limit"), [("z", 20_000), ("漢", 7_000), ("é", 20_000)])
def test_text_over_its_limit_is_cut_off(letter: str, limit: int) -> None:
    assert put(json.dumps({"about": letter * (limit + 1)}))["ABOUT"] == letter * limit


def event(**values: Any) -> dict[str, Any]:
    base = {"eventType": "click", "itemId": "i", "sentAt": datetime(2026, 1, 1, tzinfo=UTC)}
    return event_row({**base, **values}, "u", "s", FIELDS, values.get("impression", ()))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"eventValue": float("nan")}, "EVENT_VALUE of event click"),
        ({"eventValue": 1e39}, "EVENT_VALUE of event click"),
        ({"itemId": None, "properties": '{"itemId": "' + "i" * 257 + '"}'}, "ITEM_ID of event click has 257"),
        ({"itemId": None, "properties": '{"itemId": 5}'}, "ITEM_ID of event click is not of type string"),
        ({"eventType": "\ud800"}, "is not valid Unicode"),
        ({"eventType": "EVENT_TYPE"}, "EVENT_TYPE of event EVENT_TYPE is EVENT_TYPE, the name of a field"),
        ({"itemId": "ITEM_ID"}, "ITEM_ID of event click is ITEM_ID, the name of a field"),
        ({"impression": ["i" * 256] * 4}, "IMPRESSION of event click has 1027 characters; at most 1000"),
    ],
)
def test_events_are_checked_alike(values: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        event(**values)


def test_an_id_may_not_be_the_name_of_a_field() -> None:
    with pytest.raises(InvalidInputError, match="ITEM_ID of ITEM_ID USER_ID is USER_ID, the name of a field"):
        record_row(("ITEM_ID", "USER_ID"), "{}", FIELDS)
