"""The provider's copy of the service's rules and the service's own, on the same schemas and the same rows.

Where they differ on purpose, the table below says why; any other difference fails. docs/data-rules.md lists the rules.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest

from airflow_personalize.export.exceptions import SchemaError, SchemaMismatchError
from airflow_personalize.export.schema.avro import DatasetSchema, parse_schema
from airflow_personalize.export.schema.matching import match
from airflow_personalize.export.schema.rules import dataset_type
from airflow_personalize.export.validation.checker import BatchChecker
from airflow_personalize.export.validation.contract import Rule
from airflow_personalize.export.write.csv_format import encode, header
from localpersonalize.datasets import csv_files
from localpersonalize.datasets.csv_files import ImportRefusedError
from localpersonalize.datasets.schemas import REQUIRED_FIELDS, check_for_dataset, check_name, parse_fields
from localpersonalize.protocol.errors import InvalidInputError
from tests.support.data_rules import Generator, quoted, text_of, types_of

#: What only one of the two refuses, and why.
DIFFERENCES = {
    "namespace": "The provider asks for the namespace of all the guide's examples; the guide does not ask for it.",
    "version": "The provider refuses a version that is neither text nor number; the service does not look at it.",
    "timestamp_not_seconds": "The provider knows milliseconds by their size; the service only beyond the year 9999.",
    "timestamp_out_of_range": "The provider refuses events before 1990 and more than a year ahead.",
    "stray_separator": "The provider refuses an empty category, which the guide does not mention.",
    "control_character": "The provider refuses control characters, which the guide does not mention.",
    "written otherwise": "The provider writes +7 and 7.0 of an integer as 7; in a CSV they are no integer.",
    "line breaks": "The provider writes a space for them; in a CSV a record is one line.",
    "blanks around numbers": "A CSV may have them; to the provider, text of a database with them is no number.",
}
ONLY_OF_THE_PROVIDER = {rule.value for rule in Rule} & set(DIFFERENCES)


def provider_refuses(definition: dict[str, Any]) -> str:
    try:
        parse_schema(definition)
    except SchemaError as error:
        return str(error)
    return ""


def service_refuses(definition: dict[str, Any]) -> str:
    text = json.dumps(definition)
    try:
        fields = parse_fields(text)
        kind = dataset_type(definition["name"])
        if kind not in REQUIRED_FIELDS:
            return "no dataset type"
        check_name(text, kind)
        check_for_dataset(fields, kind)
    except InvalidInputError as error:
        return str(error)
    return ""


def only_provider(definition: dict[str, Any], reason: str) -> str:
    """The listed difference that explains why the provider alone refuses a schema."""
    if "namespace must be" in reason and len(reason.split(";")) == 1:
        return "namespace"
    if "version must be" in reason:
        return "version"
    return ""


@pytest.mark.parametrize("count", [300, pytest.param(5_000, marks=pytest.mark.long)])
def test_both_take_and_refuse_the_same_schemas(count: int) -> None:
    generator, differences, seen = Generator(13), [], Counter[str]()
    for _ in range(count):
        definition = generator.schema()
        provider, service = provider_refuses(definition), service_refuses(definition)
        seen["refused" if service else "taken"] += 1
        if bool(provider) == bool(service):
            continue
        listed = only_provider(definition, provider) if provider else ""
        seen[listed] += 1
        if listed not in DIFFERENCES:
            differences.append(f"{text_of(definition)}\n  provider: {provider}\n  service: {service}")
    assert not differences, f"{len(differences)} of {count}:\n" + "\n".join(differences[:5])
    assert min(seen["refused"], seen["taken"]) > count / 5, seen


# --- rows ---


def read(text: str, schema: DatasetSchema) -> pa.Table:
    fields = parse_fields(schema.text)
    batches = csv_files.read(io.BytesIO(text.encode()), "s3://b/f.csv", fields, schema.dataset_type)
    return pa.Table.from_batches(batches, csv_files.arrow_schema(fields))


def checked(schema: DatasetSchema, rows: list[list[str]]) -> Any:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    checker = BatchChecker("d", schema, schema.names)
    return checker.check(pa.RecordBatch.from_arrays(columns, names=list(schema.names)))


def raw(schema: DatasetSchema, rows: list[list[str]], end: str = "\n") -> str:
    lines = [",".join(schema.names), *(",".join(map(quoted, row)) for row in rows)]
    return end.join([*lines, ""])


def difference(schema: DatasetSchema, row: list[str], rejected: Any, refusal: str) -> str:
    """The listed difference between the verdicts on one row, empty if it is none of them."""
    if rejected is not None:
        rule = rejected.rules[0].value
        if rule in ONLY_OF_THE_PROVIDER:
            return rule
        values = dict(zip(schema.names, row, strict=True))
        value, field = values[rejected.fields[0]], schema.field(rejected.fields[0].upper())
        blanks = value != value.strip(" ") and field is not None and field.type not in ("string", "boolean")
        return "blanks around numbers" if blanks else ""
    if "does not end on its line" in refusal:
        return "line breaks"
    named = re.search(r"column (\w+)", refusal)
    field = schema.field(named[1].upper()) if named else None
    if field is not None and field.type in ("int", "long"):
        value = row[schema.names.index(field.name)]
        return "written otherwise" if re.fullmatch(r"\+?-?\d+(\.0*)?", value) else ""
    return ""


def compare_row(schema: DatasetSchema, row: list[str]) -> str:
    """What differs about one row: "same", a listed difference, or a text that begins with !"""
    result = checked(schema, [row])
    try:
        table, refusal = read(raw(schema, [row]), schema), ""
    except ImportRefusedError as error:
        table, refusal = None, str(error)
    if (result.rejected is None) != (not refusal):
        return difference(schema, row, result.rejected, refusal) or (
            f"! {row!r:.300}: provider {result.rejected and result.rejected.rules}, service {refusal:.300}"
        )
    if refusal:
        return "same"
    written = read((header(schema.names) + encode(result.written).to_pybytes()).decode(), schema)
    return (
        "same"
        if written.equals(table)
        else f"! {row!r:.300}: {written.to_pylist()} beside {table.to_pylist()}"
    )


@pytest.mark.parametrize("count", [60, pytest.param(2_000, marks=pytest.mark.long)])
def test_both_take_and_refuse_the_same_rows_and_the_service_reads_what_the_provider_writes(
    count: int,
) -> None:
    generator, seen, unlisted = Generator(2), Counter[str](), []
    for number in range(count):
        definition = generator.good_schema()
        schema, types = parse_schema(definition), types_of(definition)
        rows = [[generator.value(*field) for field in types] for _ in range(generator.random.randint(1, 6))]
        for row in rows:
            outcome = compare_row(schema, row)
            seen[outcome if not outcome.startswith("!") else "unlisted"] += 1
            unlisted += [outcome] if outcome.startswith("!") else []
        result = checked(schema, rows)
        if not result.written.num_rows:
            continue
        text = (header(schema.names) + encode(result.written).to_pybytes()).decode()
        table = read(text, schema)
        assert table.num_rows == result.written.num_rows
        end = ("\r\n", "\r")[number % 2]
        assert read(text.replace("\n", end), schema).equals(table)
    assert not unlisted, f"{len(unlisted)} of {seen.total()}:\n" + "\n".join(unlisted[:8])
    assert seen["same"] > seen.total() / 3, seen
    assert set(seen) <= {"same", *DIFFERENCES}


@pytest.mark.parametrize("count", [60, pytest.param(2_000, marks=pytest.mark.long)])
def test_both_find_the_columns_of_the_same_headers(count: int) -> None:
    generator, seen = Generator(3), Counter[str]()
    for _ in range(count):
        schema, pick = parse_schema(generator.good_schema()), generator.random.choice
        names = [pick([name, name.lower(), name.upper()]) for name in schema.names]
        generator.random.shuffle(names)
        if generator.sometimes(0.2):
            names.remove(pick(names))
        if generator.sometimes(0.2) and names:
            names.append(pick([*names, pick(names).swapcase()]))
        extra = generator.sometimes(0.2)
        try:
            match("d", schema, names)
            provider = ""
        except SchemaMismatchError as error:
            provider = str(error)
        try:
            read(",".join([*names, *(["", "Unnamed: 0"] if extra else [])]) + "\n", schema)
            service = ""
        except ImportRefusedError as error:
            service = str(error)
        assert bool(provider) == bool(service), f"{names}: provider {provider!r}, service {service!r}"
        seen["refused" if service else "taken"] += 1
    assert min(seen["refused"], seen["taken"]) > count / 10
