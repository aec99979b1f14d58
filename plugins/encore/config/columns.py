"""Whether the queries that the pipeline file names give the columns of their schemas, as far as their text tells."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from airflow_personalize.export.exceptions import SchemaError, SchemaMismatchError
from airflow_personalize.export.read.dialects import dialect_of_environment
from airflow_personalize.export.read.query_columns import columns_of
from airflow_personalize.export.schema.avro import load_schema
from airflow_personalize.export.schema.matching import match
from encore.config.models import Dataset, Pipeline


def column_problems(
    pipeline: Pipeline, include: Path, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Columns that are missing or too many, with the query's file and line.

    :param environment: defines the connections of product databases (default: the process's own)
    """
    known = os.environ if environment is None else environment
    for group in pipeline.dataset_groups:
        dialect = dialect_of_environment(group.product_db, known)
        for kind, dataset in group.datasets.items():
            yield from _of_dataset(kind, dataset, dialect, include)


def _of_dataset(kind: str, dataset: Dataset, dialect: str | None, include: Path) -> Iterator[str]:
    file = include / dataset.sql
    try:
        schema = load_schema(include / dataset.avro_schema)
        text = file.read_text(encoding="utf-8")
    except (SchemaError, OSError, UnicodeDecodeError):
        return  # named by the checks of schemas and of queries
    columns = columns_of(text, dialect)
    if columns is None:
        return
    names, line = columns
    try:
        match(kind, schema, names, dataset.row_id)
    except SchemaMismatchError as error:
        for problem in error.problems:
            yield f"{file}:{line}: {problem} (schema: {dataset.avro_schema})"
