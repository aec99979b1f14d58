"""Avro schemas: what the service takes, what it refuses, and when two are the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_personalize.export.exceptions import SchemaError
from airflow_personalize.export.schema.avro import load_schema, parse_schema, schema_hash

SCHEMAS = Path(__file__).parents[4] / "include" / "schemas"
USER_ID = {"name": "USER_ID", "type": "string"}
AGE = {"name": "AGE", "type": "int"}


def users(*fields, **changes):
    definition = {
        "type": "record",
        "name": "Users",
        "namespace": "com.amazonaws.personalize.schema",
        "fields": list(fields),
        "version": "1.0",
    }
    return {**definition, **changes}


@pytest.mark.parametrize("name", ["users", "items", "interactions"])
def test_the_schemas_of_the_pipeline_are_good(name):
    assert load_schema(SCHEMAS / f"{name}.json").dataset_type == name.upper()


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        (users(USER_ID, AGE, name="Visitors"), "'Visitors' is no dataset type"),
        (users(USER_ID, AGE, namespace="shop"), "namespace must be"),
        (users(USER_ID, AGE, version=["1.0"]), "version must be a text or a number"),
        (users(USER_ID, AGE, type="error"), "outermost type must be 'record'"),
        (users(AGE), "field USER_ID is required and missing"),
        (users(USER_ID), "at least 1 metadata field"),
        (users(USER_ID, *({"name": f"F{n}", "type": "int"} for n in range(26))), "26 metadata fields"),
        (users(USER_ID, {"name": "NAME", "type": "string"}), "at least 1 metadata field"),
        (
            users(USER_ID, {"name": "A", "type": "string", "categorical": "true"}),
            "'A': categorical must be true",
        ),
        (
            users({"name": "USER_ID", "type": "long"}, AGE),
            "'USER_ID': the service fixes its type to 'string'",
        ),
        (users({"name": "USER_ID", "type": ["null", "string"]}, AGE), "'USER_ID': is required"),
        (users({**USER_ID, "categorical": True}, AGE), "'USER_ID': a required or reserved field cannot be"),
        (users(USER_ID, {**AGE, "categorical": True}), "'AGE': only a string can be categorical"),
        (users(USER_ID, {"name": "BIO", "type": "string", "textual": True}), "only the items dataset"),
        (
            users(USER_ID, {"name": "AGE", "type": ["int", "long"]}),
            "'AGE': type ['int', 'long'] must be one of",
        ),
        (users(USER_ID, {"name": "AGE", "type": {"type": "array", "items": "int"}}), "nested types"),
        (
            users(USER_ID, {"name": "A_B", "type": "int"}, {"name": "AB", "type": "int"}),
            "2 fields are called AB",
        ),
        (users(USER_ID, {"name": "A,B", "type": "int"}), "letters, digits and underscores"),
        (users(USER_ID, {"name": "AGE", "type": "integer"}), "not a valid Avro schema"),
    ],
)
def test_a_schema_that_the_service_would_refuse_is_told_with_its_field(definition, problem):
    with pytest.raises(SchemaError) as refused:
        parse_schema(definition, source="users.json")

    assert problem in str(refused.value)
    assert str(refused.value).startswith("users.json: ")


@pytest.mark.parametrize("version", [1, "1.1", "2", 1.0, None])
def test_the_version_of_a_schema_may_be_any_or_none(version):
    definition = users(USER_ID, AGE, version=version)
    if version is None:
        del definition["version"]

    assert parse_schema(definition).dataset_type == "USERS"


@pytest.mark.parametrize(("name", "most"), [("Users", 25), ("Items", 100), ("Interactions", 5)])
def test_as_many_metadata_fields_as_the_quotas_allow(name, most):
    required = {"Users": ["USER_ID"], "Items": ["ITEM_ID"], "Interactions": ["USER_ID", "ITEM_ID"]}[name]
    own = [{"name": entry, "type": "string"} for entry in required]
    own += [{"name": "TIMESTAMP", "type": "long"}] if name == "Interactions" else []
    fields = [{"name": f"F{n}", "type": "int"} for n in range(most)]

    assert len(parse_schema(users(*own, *fields, name=name)).fields) == len(own) + most
    with pytest.raises(SchemaError, match=f"{most + 1} metadata fields"):
        parse_schema(users(*own, *fields, {"name": "ONE_MORE", "type": "int"}, name=name))


def test_a_plain_string_beside_other_metadata_is_good():
    schema = parse_schema(users(USER_ID, AGE, {"name": "FULL_NAME", "type": "string"}))

    assert not schema.field("FULL_NAME").categorical


def test_a_reserved_field_keeps_its_type():
    definition = json.loads((SCHEMAS / "interactions.json").read_text())
    value = next(field for field in definition["fields"] if field["name"] == "event_value")
    value["type"] = "string"

    with pytest.raises(SchemaError, match="'event_value': the service fixes its type to 'float'"):
        parse_schema(definition)


def test_broken_json_is_told_with_its_line():
    with pytest.raises(SchemaError, match=r"s\.json: line 2 is not valid JSON"):
        parse_schema('{\n "type" "record"}', source="s.json")


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(SchemaError, match=r"nowhere\.json: cannot be read"):
        load_schema("nowhere.json")


def test_white_space_does_not_change_the_hash_but_the_order_of_fields_does():
    definition = users(USER_ID, AGE)

    assert schema_hash(json.dumps(definition, indent=4)) == schema_hash(definition)
    assert schema_hash(users(AGE, USER_ID)) != schema_hash(definition)
    assert parse_schema(definition).versioned_name("shop-users") == f"shop-users-{schema_hash(definition)}"


def test_lower_and_upper_case_names_are_the_same_fields():
    schema = parse_schema(users({"name": "user_id", "type": "string"}, {"name": "age", "type": "int"}))

    assert schema.field("USER_ID").name == "user_id"
    assert schema.names == ("user_id", "age")
