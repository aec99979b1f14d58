"""Which Avro schemas the service takes, and what it says about the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.datasets import domain_schemas
from localpersonalize.datasets.schemas import check_for_dataset, parse_fields
from localpersonalize.protocol.errors import InvalidInputError

SEED = Path(__file__).parents[3] / "include" / "schemas"
USER, ITEM = {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"}
TIME = {"name": "TIMESTAMP", "type": "long"}
GENRE = {"name": "GENRE", "type": "string", "categorical": True}


def record(*fields: Any, **more: Any) -> str:
    return json.dumps({"type": "record", "name": "S", "fields": list(fields), **more})


def check(dataset_type: str, *fields: Any, domain: str | None = None) -> None:
    parsed = parse_fields(record(*fields))
    check_for_dataset(parsed, dataset_type)
    if domain:
        domain_schemas.check(parsed, dataset_type, domain)


@pytest.mark.parametrize("kind", ["interactions", "users", "items"])
def test_schemas_in_lower_case_are_taken_as_they_are(kind: str) -> None:
    check_for_dataset(parse_fields((SEED / f"{kind}.json").read_text()), kind)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not in JSON"),
        ("[]", "not an Avro record"),
        (json.dumps({"type": "map"}), "not an Avro record"),
        (record(), "no fields"),
        (json.dumps({"type": "record", "fields": [USER]}), "no name"),
        (record(USER, {"name": "user_id", "type": "string"}), "more than once: USER_ID"),
        (record({"name": "A B", "type": "string"}), "without a valid name"),
        (record("USER_ID"), "without a valid name"),
        (record({"name": "A", "type": "array"}), "unsupported type"),
        (record({"name": "A", "type": {"type": "array", "items": "int"}}), "unsupported type"),
        (record({"name": "A", "type": ["string", "int"]}), "one type"),
        (record({"name": "A", "type": ["null"]}), "one type"),
        (record({"name": "A", "type": "int", "textual": True}), "textual only if it is a string"),
    ],
)
def test_what_no_schema_may_say(text: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        parse_fields(text)


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("INTERACTIONS", [USER, ITEM], "required field TIMESTAMP"),
        ("INTERACTIONS", [USER, ITEM, {**TIME, "type": "int"}], "TIMESTAMP must be of type long"),
        ("INTERACTIONS", [USER, ITEM, {**TIME, "type": ["null", "long"]}], "may not be null"),
        (
            "INTERACTIONS",
            [USER, ITEM, TIME, {"name": "EVENT_VALUE", "type": "string"}],
            "EVENT_VALUE must be of type float",
        ),
        ("USERS", [USER], "at least one metadata field"),
        ("ITEMS", [ITEM, {**GENRE, "categorical": False}], "categorical or textual"),
        ("ITEMS", [ITEM, {"name": "CREATION_TIMESTAMP", "type": "string"}], "must be of type long"),
        ("ITEMS", [ITEM, *({**GENRE, "name": f"G{n}"} for n in range(101))], "at most 100"),
    ],
)
def test_what_a_dataset_type_asks_for(kind: str, fields: list[Any], says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        check(kind, *fields)


PRICE, CATEGORY = {"name": "PRICE", "type": "float"}, {**GENRE, "name": "CATEGORY_L1"}
CREATED = {"name": "CREATION_TIMESTAMP", "type": "long"}
EVENT = {"name": "EVENT_TYPE", "type": "string"}


def test_domain_schemas() -> None:
    check("ITEMS", ITEM, PRICE, CATEGORY, domain="ECOMMERCE")
    check("ITEMS", ITEM, CREATED, {**GENRE, "name": "GENRES"}, domain="VIDEO_ON_DEMAND")
    check("INTERACTIONS", USER, ITEM, TIME, EVENT, domain="ECOMMERCE")
    check("USERS", USER, GENRE, domain="VIDEO_ON_DEMAND")


@pytest.mark.parametrize(
    ("domain", "kind", "fields", "says"),
    [
        ("ECOMMERCE", "INTERACTIONS", [USER, ITEM, TIME], "requires of INTERACTIONS: EVENT_TYPE"),
        ("ECOMMERCE", "ITEMS", [ITEM, CATEGORY], "PRICE"),
        ("ECOMMERCE", "ITEMS", [ITEM, {**PRICE, "type": "boolean"}, CATEGORY], "PRICE must be of type"),
        (
            "ECOMMERCE",
            "ITEMS",
            [ITEM, PRICE, {"name": "CATEGORY_L1", "type": "string", "textual": True}],
            "categorical set to true",
        ),
        ("VIDEO_ON_DEMAND", "ITEMS", [ITEM, CREATED, GENRE], "GENRES"),
        ("VIDEO_ON_DEMAND", "USERS", [USER, {"name": "SUBSCRIPTION_MODEL", "type": "int"}], "type string"),
        ("ECOMMERCE", "ACTIONS", [{"name": "ACTION_ID", "type": "string"}], "can't have a dataset"),
    ],
)
def test_what_a_domain_asks_for(domain: str, kind: str, fields: list[Any], says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        check(kind, *fields, domain=domain)
