"""Avro schemas as Amazon Personalize takes them.

Source: the developer guide's chapter on datasets and schemas: required and reserved fields of each dataset type, the
types they may have, and which may be `categorical` or `textual`. Field names may be in either case. All rules, with
their pages: docs/data-rules.md.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resource_types import Schema

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
        "EVENT_VALUE": ("float",),
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
MAX_TEXTUAL_FIELDS = 1
#: Event types and optional fields of Interactions together, EVENT_TYPE and EVENT_VALUE among the fields.
MAX_EVENT_TYPES_AND_FIELDS = 10
_COUNTED_WITH_EVENT_TYPES = ("EVENT_TYPE", "EVENT_VALUE")
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True)
class Field:
    """One field: `name` as the schema spells it, `column` the same in upper case."""

    name: str
    kind: str
    nullable: bool
    categorical: bool = False
    textual: bool = False
    item_name: bool = False

    @property
    def column(self) -> str:
        return self.name.upper()

    @property
    def trained_on(self) -> bool:
        """Plain strings are kept, for filters and answers, and not used when training."""
        return self.kind != "string" or self.categorical or self.textual or self.item_name


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
    # "GENRES_FIELD_1 and GENRESFIELD1 can't both be there": only letters and digits tell names apart.
    bare = Counter(column.replace("_", "") for column in columns)
    repeated = sorted({column for column in columns if bare[column.replace("_", "")] > 1})
    if repeated:
        raise InvalidInputError(f"Input schema names fields more than once: {', '.join(repeated)}.")
    return fields


def check_name(text: str, dataset_type: str) -> None:
    """
    :raises InvalidInputError: if a schema's name is not that of the dataset type.
    """
    name = str(json.loads(text)["name"])
    if name.upper() not in (dataset_type, dataset_type.replace("_", "")):
        raise InvalidInputError(
            f"The name of the schema is {name}; it must be that of the dataset type, {dataset_type}."
        )


def metadata_of(fields: list[Field], dataset_type: str) -> list[Field]:
    """Fields that are neither required nor reserved."""
    own = set(REQUIRED_FIELDS[dataset_type]) | set(RESERVED_FIELDS[dataset_type])
    return [field for field in fields if field.column not in own]


def event_types_allowed(fields: list[Field]) -> int:
    """How many distinct event types an Interactions dataset of these fields can hold."""
    counted = sum(field.column in _COUNTED_WITH_EVENT_TYPES for field in fields)
    return MAX_EVENT_TYPES_AND_FIELDS - counted - len(metadata_of(fields, "INTERACTIONS"))


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
        if field.categorical or field.textual or field.item_name:
            raise InvalidInputError(
                f"Required field {column} can't be categorical or textual, or the itemName."
            )
    for column, types in RESERVED_FIELDS[kind].items():
        field = by_column.get(column)
        if field is not None and field.kind not in types:
            raise InvalidInputError(f"Reserved field {column} must be of type {' or '.join(types)}.")
        if field is not None and (field.categorical or field.textual or field.item_name):
            raise InvalidInputError(
                f"Reserved field {column} can't be categorical or textual, or the itemName."
            )
    _check_metadata(metadata_of(fields, kind), kind)


def _check_metadata(metadata: list[Field], kind: str) -> None:
    if len(metadata) > MAX_METADATA_FIELDS[kind]:
        raise InvalidInputError(
            f"A schema of type {kind} can have at most {MAX_METADATA_FIELDS[kind]} metadata fields,"
            f" not {len(metadata)}."
        )
    textual = [field.name for field in metadata if field.textual]
    if textual and kind != "ITEMS":
        raise InvalidInputError(f"Only an Items schema can have textual fields, which {textual[0]} is.")
    if len(textual) > MAX_TEXTUAL_FIELDS:
        raise InvalidInputError(f"Only one field can be textual, not {', '.join(textual)}.")
    names = [field.name for field in metadata if field.item_name]
    if names and kind != "ITEMS":
        raise InvalidInputError(f"Only an Items schema can have an itemName field, which {names[0]} is.")
    if len(names) > 1:
        raise InvalidInputError(f"Only one field can be itemName, not {', '.join(names)}.")
    if kind in METADATA_REQUIRED and not any(field.trained_on for field in metadata):
        raise InvalidInputError(
            f"A schema of type {kind} needs at least one metadata field that is a number or boolean, or a string"
            " that is categorical or textual, or the itemName."
        )


def columns_of(schema: Schema) -> dict[str, Field]:
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
    textual, categorical, item_name = (_flag(entry, flag) for flag in ("textual", "categorical", "itemName"))
    if categorical and values[0] != "string":
        raise InvalidInputError(f"Field {name} can be categorical only if it is a string.")
    if textual and (values[0] != "string" or categorical):
        raise InvalidInputError(
            f"Field {name} can be textual only if it is a string that is not categorical."
        )
    if item_name and (values[0] != "string" or categorical):
        raise InvalidInputError(
            f"Field {name} can be itemName only if it is a string that is not categorical."
        )
    return Field(name, str(values[0]), "null" in kinds, categorical, textual, item_name)


def _flag(entry: Mapping[str, Any], flag: str) -> bool:
    value = entry.get(flag, False)
    if not isinstance(value, bool):
        raise InvalidInputError(
            f"{flag} of field {entry['name']} must be true or false, not {json.dumps(value)}."
        )
    return value
