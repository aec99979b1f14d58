"""When the rows of a query begin: a question to the database, not a read of its table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.read.sources import Source
from airflow_personalize.export.read.sql import checked
from airflow_personalize.export.schema.avro import Field
from airflow_personalize.export.validation.casting import UncastableError, convert

_INSTANT = Field("TIMESTAMP", "long")


def first_instant(source: Source, statement: str, parameters: Mapping[str, Any]) -> datetime | None:
    """The earliest `timestamp` that the query gives (whole seconds, UTC); None when it gives no row with one.

    :param parameters: values of the query's markers: the interval that is looked through, and keys where it has them
    :raises ExportError: when the query has no such column, or one that holds no instants
    """
    names = result_columns(source, statement, parameters)
    column = next((name for name in names if name.upper() == _INSTANT.name), None)
    if column is None:
        raise ExportError(f"the query gives no column {_INSTANT.name}, only {', '.join(names)}")
    text = checked(statement, source.dialect).text
    earliest = f"SELECT min(q.{_quoted(column, source.dialect)}) AS earliest FROM (\n{text}\n) q"  # noqa: S608
    with source.query(earliest, parameters) as rows:
        values = pa.chunked_array([batch.column(0) for batch in rows.batches]).combine_chunks()
    return _instant(values)


def result_columns(source: Source, statement: str, parameters: Mapping[str, Any]) -> list[str]:
    """The columns that a query gives, as the database names them without running it."""
    text = checked(statement, source.dialect).text
    with source.query(f"SELECT q.* FROM (\n{text}\n) q WHERE 1 = 0", parameters) as rows:  # noqa: S608
        return list(rows.names)


def _quoted(name: str, dialect: str | None) -> str:
    from sqlglot import exp

    return exp.to_identifier(name, quoted=True).sql(dialect=dialect)


def _instant(values: pa.Array) -> datetime | None:
    try:
        seconds = convert(_INSTANT, values)
    except UncastableError as error:
        raise ExportError(f"the query's column {_INSTANT.name} holds no instants: {error}") from error
    if seconds.values.null_count < len(values) or not (len(values) - values.null_count):
        instants = [value for value in seconds.values.to_pylist() if value is not None]
        return datetime.fromtimestamp(min(instants), UTC) if instants else None
    raise ExportError(
        f"the query's column {_INSTANT.name} begins with {values[0].as_py()!r}, which is no instant: give a "
        "timestamp, or epoch seconds"
    )
