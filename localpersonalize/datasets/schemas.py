"""Avro schemas as Amazon Personalize takes them.

Source: the developer guide's chapter on datasets and schemas: required and reserved fields of each dataset type, the
types they may have, and which strings must say `categorical` or `textual`. Field names may be in either case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localpersonalize.protocol.errors import InvalidInputError

TYPES = ("string", "int", "long", "float", "double", "boolean", "null")
REQUIRED_FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "INTERACTIONS": {"USER_ID": ("string",), "ITEM_ID": ("string",), "TIMESTAMP": ("long",)},
    "USERS": {"USER_ID": ("string",)},
    "ITEMS": {"ITEM_ID": ("string",)},
    "ACTIONS": {"ACTION_ID": ("string",)},
    "ACTION_INTERACTIONS": {
        "USER_ID": ("string",),
        "ACTION_ID": ("string",),
        "TIMESTAMP": ("long",),
        "EVENT_TYPE": ("string",),
    },
}
RESERVED_FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "INTERACTIONS": {
        "EVENT_TYPE": ("string",),
        "EVENT_VALUE": ("float", "double"),
        "IMPRESSION": ("string",),
        "RECOMMENDATION_ID": ("string",),
        "EVENT_ATTRIBUTION_SOURCE": ("string",),
    },
    "USERS": {},
    "ITEMS": {"CREATION_TIMESTAMP": ("long",)},
    "ACTIONS": {
        "VALUE": ("int", "long", "float", "double"),
        "CREATION_TIMESTAMP": ("long",),
        "ACTION_EXPIRATION_TIMESTAMP": ("long",),
        "REPEAT_FREQUENCY": ("int", "long"),
    },
    "ACTION_INTERACTIONS": {"EVENT_TYPE": ("string",)},
}
METADATA_REQUIRED = ("USERS", "ITEMS")
MAX_METADATA_FIELDS = {"INTERACTIONS": 5, "USERS": 25, "ITEMS": 100, "ACTIONS": 10, "ACTION_INTERACTIONS": 10}
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Field:
    """One field: `name` as the schema spells it, `column` the same in upper case."""

    name: str
    kind: str
    nullable: bool
    categorical: bool = False
    textual: bool = False

    @property
    def column(self) -> str:
        return self.name.upper()


def parse_fields(text: str) -> list[Field]:
    """The fields of a schema, whatever dataset it is for.

    :raises InvalidInputError: if it is not a record schema that the service takes.
    """
    try:
        definition = json.loads(text)
    except json.JSONDecodeError:
        raise InvalidInputError("Input schema is not in JSON format.") from None
    if not isinstance(definition, dict) or definition.get("type") != "record":
        raise InvalidInputError("Input schema is not an Avro record: its type must be record.")
    entries = definition.get("fields")
    if not isinstance(entries, list) or not entries:
        raise InvalidInputError("Input schema has no fields.")
    if not isinstance(definition.get("name"), str):
        raise InvalidInputError("Input schema has no name.")
    fields = [_field(entry) for entry in entries]
    columns = [field.column for field in fields]
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise InvalidInputError(f"Input schema names fields more than once: {', '.join(repeated)}.")
    return fields


def check_for_dataset(fields: list[Field], dataset_type: str) -> None:
    """
    :raises InvalidInputError: if the fields can't be those of a dataset of this type.
    """
    kind = dataset_type.upper()
    by_column = {field.column: field for field in fields}
    for column, types in REQUIRED_FIELDS[kind].items():
        field = by_column.get(column)
        if field is None:
            raise InvalidInputError(
                f"Input schema is missing the required field {column} of the dataset type {kind}."
            )
        if field.kind not in types or (field.nullable and column != "EVENT_TYPE"):
            raise InvalidInputError(f"Field {column} must be of type {types[0]} and may not be null.")
    for column, types in RESERVED_FIELDS[kind].items():
        field = by_column.get(column)
        if field is not None and field.kind not in types:
            raise InvalidInputError(f"Reserved field {column} must be of type {' or '.join(types)}.")
        if field is not None and field.categorical:
            raise InvalidInputError(f"Reserved field {column} can't be categorical.")
    own = set(REQUIRED_FIELDS[kind]) | set(RESERVED_FIELDS[kind])
    metadata = [field.name for field in fields if field.column not in own]
    if len(metadata) > MAX_METADATA_FIELDS[kind]:
        raise InvalidInputError(
            f"A schema of type {kind} can have at most {MAX_METADATA_FIELDS[kind]} metadata fields,"
            f" not {len(metadata)}."
        )
    for field in fields:
        if (
            kind in METADATA_REQUIRED
            and field.column not in own
            and field.kind == "string"
            and not (field.categorical or field.textual)
        ):
            raise InvalidInputError(f"String field {field.name} must be marked categorical or textual.")
    if kind in METADATA_REQUIRED and len(fields) < 2:
        raise InvalidInputError(f"A schema of type {kind} needs at least one metadata field.")


def columns_of(schema: Mapping[str, Any]) -> dict[str, Field]:
    """Fields of a stored schema by column."""
    return {field.column: field for field in parse_fields(schema["schema"])}


def _field(entry: Any) -> Field:
    if not isinstance(entry, dict) or not _FIELD_NAME.fullmatch(str(entry.get("name", ""))):
        raise InvalidInputError(f"Input schema has a field without a valid name: {json.dumps(entry)[:200]}.")
    name, declared = entry["name"], entry.get("type")
    kinds = declared if isinstance(declared, list) else [declared]
    if any(not isinstance(kind, str) or kind not in TYPES for kind in kinds):
        raise InvalidInputError(
            f"Field {name} has an unsupported type: {json.dumps(declared)}. Use {', '.join(TYPES)}."
        )
    values = [kind for kind in kinds if kind != "null"]
    if len(values) != 1:
        raise InvalidInputError(f"Field {name} must have one type, or one type and null.")
    textual, categorical = bool(entry.get("textual")), bool(entry.get("categorical"))
    if textual and (values[0] != "string" or categorical):
        raise InvalidInputError(
            f"Field {name} can be textual only if it is a string that is not categorical."
        )
    return Field(name, str(values[0]), "null" in kinds, categorical, textual)
