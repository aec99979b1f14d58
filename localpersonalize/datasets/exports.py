"""A dataset as CSV in S3: what a dataset export job does, in a process of its own."""

from __future__ import annotations

import tempfile
from typing import Any

import pyarrow as pa

from localpersonalize.datasets import csv_dialect
from localpersonalize.datasets.csv_files import arrow_schema
from localpersonalize.datasets.schemas import parse_fields
from localpersonalize.datasets.tables import Tables
from localpersonalize.resource_types import Dataset, DatasetExportJob, Schema

SPOOL_BYTES = 16 << 20
ROWS_AT_ONCE = 100_000


def run(tables: Tables, job: DatasetExportJob, dataset: Dataset, schema: Schema, s3: Any) -> dict[str, Any]:
    """Write the dataset below the job's path; records that are equal in all fields are written once.

    :returns: `rows` and the `key` of the file.
    """
    fields = parse_fields(schema["schema"])
    table = _records(tables, dataset["datasetArn"], job.get("ingestionMode", "PUT"))
    table = table if table is not None else arrow_schema(fields).empty_table()
    columns = [field.column for field in fields]
    distinct = table.select(columns).group_by(columns, use_threads=False).aggregate([])
    renamed = distinct.select(columns).rename_columns([field.name for field in fields])
    bucket, _, prefix = job["jobOutput"]["s3DataDestination"]["path"].removeprefix("s3://").partition("/")
    name = job["datasetExportJobArn"].split("/")[-1]
    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    key = f"{folder}{name}/{dataset['datasetType'].lower()}.csv"
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as file:
        file.write(csv_dialect.header(renamed.column_names))
        for batch in renamed.to_batches(max_chunksize=ROWS_AT_ONCE):
            file.write(csv_dialect.encode(batch))
        file.seek(0)
        s3.upload_fileobj(file, bucket, key)
    return {"rows": renamed.num_rows, "key": key}


def _records(tables: Tables, dataset_arn: str, mode: str) -> pa.Table | None:
    """Records imported in bulk, put one by one, or both."""
    if mode == "BULK":
        return tables.bulk(dataset_arn)
    return tables.streamed(dataset_arn) if mode == "PUT" else tables.whole(dataset_arn)
