"""Events and records put one by one: read by the schema, checked, and deduplicated for training."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from localpersonalize.datasets.events import column_of, deduplicated, event_row, record_row
from localpersonalize.datasets.schemas import Field
from localpersonalize.protocol.errors import InvalidInputError

FIELDS = {
    field.column: field
    for field in (
        Field("USER_ID", "string", False),
        Field("ITEM_ID", "string", False),
        Field("TIMESTAMP", "long", False),
        Field("NUM_RATINGS", "int", True),
        Field("on_sale", "boolean", True),
        Field("LABEL", "string", False),
    )
}
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def event(properties: str | None = None, impression: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    values = {"eventType": "click", "itemId": "i1", "sentAt": WHEN, **more}
    if properties is not None:
        values["properties"] = properties
    return event_row({k: v for k, v in values.items() if v is not None}, "u1", "s1", FIELDS, impression)


def test_property_keys_are_camel_case_or_the_names_themselves() -> None:
    assert column_of("numberOfRatings") == "NUMBER_OF_RATINGS"
    assert column_of("NUMBER_OF_RATINGS") == "NUMBER_OF_RATINGS"
    assert column_of("itemId") == "ITEM_ID"
    assert column_of("size2X") == "SIZE2_X"


def test_an_event_becomes_a_row_of_its_dataset() -> None:
    row = event(
        '{"numRatings": "12", "onSale": true, "notInSchema": 1}', ("i1", "i2"), eventId="e", eventValue=2.5
    )
    assert row == {
        "USER_ID": "u1",
        "ITEM_ID": "i1",
        "TIMESTAMP": int(WHEN.timestamp()),
        "EVENT_TYPE": "click",
        "EVENT_VALUE": 2.5,
        "SESSION_ID": "s1",
        "EVENT_ID": "e",
        "IMPRESSION": "i1|i2",
        "NUM_RATINGS": 12,
        "ON_SALE": True,
    }


def test_item_and_value_may_stand_in_the_properties() -> None:
    row = event('{"itemId": "i9", "eventValue": "3"}', itemId=None)
    assert (row["ITEM_ID"], row["EVENT_VALUE"]) == ("i9", 3.0)


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"numRatings": "many"}', "NUM_RATINGS of event click is not of type int"),
        ('{"numRatings": 1.5}', "not of type int"),
        ('{"onSale": "perhaps"}', "not of type boolean"),
        ('{"LABEL": {"a": 1}}', "not of type string"),
        ('{"userId": "u2"}', "USER_ID can't be given"),
        ('{"label": null}', "may not be null"),
    ],
)
def test_properties_that_do_not_fit_are_refused(properties: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        event(properties)


def test_an_event_of_more_than_ten_kilobytes_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="larger than 10240 bytes"):
        event(None, tuple("x" * 250 for _ in range(50)))


def test_a_record_must_have_what_may_not_be_null_and_nothing_the_schema_lacks() -> None:
    fields = {"ITEM_ID": FIELDS["ITEM_ID"], "LABEL": FIELDS["LABEL"], "NUM_RATINGS": FIELDS["NUM_RATINGS"]}
    assert record_row(("ITEM_ID", "i1"), '{"label": "x"}', fields) == {"ITEM_ID": "i1", "LABEL": "x"}
    with pytest.raises(InvalidInputError, match="lacks values for LABEL"):
        record_row(("ITEM_ID", "i1"), None, fields)
    with pytest.raises(InvalidInputError, match="does not have: COLOUR"):
        record_row(("ITEM_ID", "i1"), '{"label": "x", "colour": "red"}', fields)


def row(user: str, session: str, item: str, time: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "USER_ID": user,
        "SESSION_ID": session,
        "ITEM_ID": item,
        "TIMESTAMP": time,
        "EVENT_TYPE": "v",
        **more,
    }


def test_training_sees_what_a_user_did_before_sign_in_as_the_users() -> None:
    rows = [row("s1", "s1", "a"), row("s2", "s2", "b"), row("u1", "s1", "c")]
    assert [(r["USER_ID"], r["ITEM_ID"]) for r in deduplicated(rows)] == [
        ("u1", "a"),
        ("s2", "b"),
        ("u1", "c"),
    ]


def test_training_sees_an_event_once() -> None:
    rows = [
        row("u1", "s1", "a"),
        row("u1", "s2", "a"),
        row("u1", "s1", "a", 2, EVENT_ID="e"),
        row("u1", "s1", "b", 3, EVENT_ID="e"),
        row("u2", "s3", "b", 3, EVENT_ID="e"),
    ]
    assert [(r["USER_ID"], r["ITEM_ID"], r["TIMESTAMP"]) for r in deduplicated(rows)] == [
        ("u1", "a", 1),
        ("u1", "a", 2),
        ("u2", "b", 3),
    ]
