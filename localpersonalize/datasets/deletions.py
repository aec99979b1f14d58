"""Forgetting users: what a data deletion job does to the datasets of a group, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from localpersonalize.datasets.csv_files import read
from localpersonalize.datasets.s3_objects import Objects
from localpersonalize.datasets.schemas import Field
from localpersonalize.datasets.tables import Tables
from localpersonalize.resource_types import DataDeletionJob, Dataset


def run(
    tables: Tables, job: DataDeletionJob, datasets: Sequence[Dataset], objects: Objects
) -> dict[str, Any]:
    """Write versions of the bulk data without the users that the job's CSV files name.

    :returns: `users`, `versions` by dataset ARN, and `rows`, the number of records left out.
    :raises ImportRefusedError: with the reason that the job shows.
    """
    users = pa.array(sorted(set(_users(objects, job["dataSource"]["dataLocation"]))), pa.string())
    version = version_name(job["dataDeletionJobArn"])
    versions, removed = {}, 0
    for dataset in datasets:
        arn = dataset["datasetArn"]
        first = next(tables.batches(arn), None)
        if first is None or "USER_ID" not in first.schema.names:
            continue
        before = sum(batch.num_rows for batch in tables.batches(arn))
        remaining = (_without(batch, users) for batch in tables.batches(arn))
        removed += before - tables.write_version(arn, version, first.schema, remaining)
        versions[arn] = [version]
    return {"users": users.to_pylist(), "versions": versions, "rows": removed}


def version_name(job_arn: str) -> str:
    """Of the versions that a job leaves."""
    return job_arn.split("/")[-1] + "-deletion"


def _without(batch: pa.RecordBatch, users: pa.Array) -> pa.RecordBatch:
    return batch.filter(pc.invert(pc.is_in(batch["USER_ID"], value_set=users)))


def _users(objects: Objects, location: str) -> Iterator[str]:
    fields = [Field("USER_ID", "string", False)]
    for bucket, key in objects.at(location, sub_folders=True):
        for batch in read(objects.open(bucket, key), f"s3://{bucket}/{key}", fields, "USERS"):
            yield from batch.column(0).to_pylist()
