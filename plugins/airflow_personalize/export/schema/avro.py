"""Avro schemas of the datasets, checked by fastavro and by the service's own rules.

The rules follow the service's documentation of custom datasets: flat records, eight field types, required
and reserved fields with fixed types, quotas of metadata fields.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastavro
import fastavro.schema
import pyarrow as pa

from airflow_personalize.export.exceptions import SchemaError
from airflow_personalize.export.schema.rules import (
    COUNTED_WITH_EVENT_TYPES,
    RESERVED_NAMES,
    dataset_type,
    problems_of,
)

ARROW_TYPES: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}


@dataclass(frozen=True)
class Field:
    """A field of a dataset. `name` is the schema's spelling; `canonical` is the service's (upper case)."""

    name: str
    type: str
    nullable: bool = False
    categorical: bool = False
    textual: bool = False

    @property
    def canonical(self) -> str:
        return self.name.upper()

    @property
    def arrow_type(self) -> pa.DataType:
        return ARROW_TYPES[self.type]


@dataclass(frozen=True)
class DatasetSchema:
    """A schema that the service accepts, and its identity by content."""

    definition: Mapping[str, Any]
    fields: tuple[Field, ...]

    @property
    def dataset_type(self) -> str:
        """INTERACTIONS, USERS, ITEMS, ACTIONS or ACTION_INTERACTIONS: the service reads it from the record's name."""
        return dataset_type(self.definition["name"])

    @property
    def text(self) -> str:
        """The JSON that `CreateSchema` takes."""
        return canonical_text(self.definition)

    @property
    def hash(self) -> str:
        return schema_hash(self.definition)

    def versioned_name(self, base: str) -> str:
        """The name of the schema resource: schemas are immutable, so other content is another name."""
        return f"{base}-{self.hash}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @property
    def metadata_columns(self) -> int:
        """How many fields the service counts together with the event types: EVENT_TYPE, EVENT_VALUE and the schema's
        own ("Item interactions dataset schema requirements" in the developer guide).
        """
        return sum(
            field.canonical not in RESERVED_NAMES or field.canonical in COUNTED_WITH_EVENT_TYPES
            for field in self.fields
        )

    def field(self, canonical: str) -> Field | None:
        return next((field for field in self.fields if field.canonical == canonical), None)

    def arrow(self) -> pa.Schema:
        """The columns of the CSV as they parse back."""
        return pa.schema([pa.field(f.name, f.arrow_type, nullable=f.nullable) for f in self.fields])


def load_schema(path: str | Path) -> DatasetSchema:
    """Read and check the schema in a file; `SchemaError` names the file, the field and what to change."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SchemaError(str(path), [f"cannot be read: {error.strerror}"]) from error
    return parse_schema(text, source=str(path))


def parse_schema(schema: str | Mapping[str, Any], *, source: str = "schema") -> DatasetSchema:
    """Check a schema, given as JSON text or as the object it describes."""
    definition = _definition(schema, source)
    try:
        fastavro.schema.parse_schema(dict(definition))
    except (
        fastavro.schema.SchemaParseException,
        fastavro.schema.UnknownType,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
    ) as error:
        raise SchemaError(source, [f"is not a valid Avro schema: {error}"]) from error
    problems = problems_of(definition)
    if problems:
        raise SchemaError(source, problems)
    return DatasetSchema(definition, tuple(_field(field) for field in definition["fields"]))


def schema_hash(schema: str | Mapping[str, Any]) -> str:
    """The first 12 hex digits of the content's SHA-256.

    White space and the order of an object's keys don't count; the order of the fields does, since it is the
    order of the CSV's columns.
    """
    definition = json.loads(schema) if isinstance(schema, str) else schema
    return hashlib.sha256(canonical_text(definition).encode()).hexdigest()[:12]


def canonical_text(definition: Mapping[str, Any]) -> str:
    return json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _definition(schema: str | Mapping[str, Any], source: str) -> Mapping[str, Any]:
    if isinstance(schema, str):
        try:
            schema = json.loads(schema)
        except json.JSONDecodeError as error:
            raise SchemaError(source, [f"line {error.lineno} is not valid JSON: {error.msg}"]) from error
    if not isinstance(schema, Mapping):
        raise SchemaError(source, ["must be a JSON object that describes an Avro record"])
    return schema


def _field(definition: Mapping[str, Any]) -> Field:
    declared = definition["type"]
    types = [declared] if isinstance(declared, str) else list(declared)
    return Field(
        name=definition["name"],
        type=next(name for name in types if name != "null"),
        nullable="null" in types,
        categorical=definition.get("categorical", False) is True,
        textual=definition.get("textual", False) is True,
    )
