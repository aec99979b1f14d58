"""The Avro schemas that the pipeline file names, held against the service's rules, with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from airflow_personalize.export.exceptions import SchemaError
from airflow_personalize.export.schema.avro import DatasetSchema, parse_schema
from encore.config.models import Pipeline

_OF_JSON = re.compile(r"^line (\d+) ")
_OF_FIELD = re.compile(r"^field '([^']*)'")


def schema_problems(pipeline: Pipeline, include: Path) -> Iterator[str]:
    """What the service would refuse of each schema file, as lines of text."""
    named = {
        (include / dataset.avro_schema, kind): None
        for group in pipeline.dataset_groups
        for kind, dataset in group.datasets.items()
    }
    for file, kind in named:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            yield f"{file}:1: cannot be read as UTF-8: {error}"
            continue
        for message in _problems(text, kind):
            yield f"{file}:{_line(text, message)}: {message}"


def _problems(text: str, kind: str) -> list[str]:
    try:
        schema = parse_schema(text)
    except SchemaError as error:
        return list(error.problems)
    return _of_kind(schema, kind)


def _of_kind(schema: DatasetSchema, kind: str) -> list[str]:
    if schema.dataset_type == kind.upper():
        return []
    name = schema.definition["name"]
    return [f"name is {name!r}, but this is the schema of {kind}: the name must be {_record(kind)!r}"]


def _record(kind: str) -> str:
    """What the record of a kind's schema is called."""
    return kind.title().replace("_", "")


def _line(text: str, message: str) -> int:
    """The line that a message is about: of the JSON's fault, of the field, of the fields, or of the name."""
    if match := _OF_JSON.match(message):
        return int(match[1])
    key = r'"fields"' if "fields" in message else r'"name"'
    if match := _OF_FIELD.match(message):
        key = rf'"name"\s*:\s*"{re.escape(match[1])}"'
    key_match = re.search(key, text)
    return text.count("\n", 0, key_match.start()) + 1 if key_match else 1
