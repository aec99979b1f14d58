"""Dataset import jobs: CSV files in S3 become a version of a dataset.

Runs in a process of its own; what it returns is put into the store by the service, in one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from localpersonalize.datasets.csv_files import arrow_schema, read
from localpersonalize.datasets.s3_objects import Objects
from localpersonalize.datasets.schemas import REQUIRED_FIELDS, Field, parse_fields
from localpersonalize.datasets.tables import Tables

MERGED_TYPES = ("USERS", "ITEMS", "ACTIONS")


def run(
    tables: Tables, job: dict[str, Any], dataset: dict[str, Any], schema: dict[str, Any], objects: Objects
) -> dict[str, Any]:
    """Import everything under the job's location.

    :returns: `versions`, the names that make up the dataset now, and `rows`, the number read.
    :raises ImportRefusedError: with the reason that the job shows.
    """
    location = job["dataSource"]["dataLocation"]
    fields, kind = parse_fields(schema["schema"]), dataset["datasetType"].upper()
    keys = list(objects.at(location))
    version = job["datasetImportJobArn"].split("/")[-1]
    earlier = dataset.get("_versions", []) if job.get("importMode") == "INCREMENTAL" else []
    counted = _Counter(_read_all(objects, keys, fields, kind))
    if kind in MERGED_TYPES:
        batches = _newest_per_id(tables, dataset, counted, bool(earlier), fields, kind)
        tables.write_version(dataset["datasetArn"], version, arrow_schema(fields), batches)
        return {"versions": [version], "rows": counted.rows}
    tables.write_version(dataset["datasetArn"], version, arrow_schema(fields), counted)
    return {"versions": [*[name for name in earlier if name != version], version], "rows": counted.rows}


class _Counter:
    """Batches, counted as they pass."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self.rows, self._batches = 0, batches

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self.rows += batch.num_rows
            yield batch


def _read_all(
    objects: Objects, keys: list[tuple[str, str]], fields: list[Field], kind: str
) -> Iterator[pa.RecordBatch]:
    for bucket, key in keys:
        yield from read(objects.open(bucket, key), f"s3://{bucket}/{key}", fields, kind)


def _newest_per_id(
    tables: Tables, dataset: dict[str, Any], batches: _Counter, merge: bool, fields: list[Field], kind: str
) -> Iterator[pa.RecordBatch]:
    """One record an id: the last one read, and with `merge` what the dataset had of other ids."""
    schema = arrow_schema(fields)
    parts = [tables.bulk(dataset["datasetArn"])] if merge else []
    parts.append(pa.Table.from_batches(list(batches), schema))
    table = pa.concat_tables([part for part in parts if part is not None], promote_options="default").select(
        schema.names
    )
    identifier = next(iter(REQUIRED_FIELDS[kind]))
    order = pa.table({"id": table[identifier], "row": pa.array(np.arange(table.num_rows))})
    last = order.group_by("id").aggregate([("row", "max")])["row_max"].sort()
    yield from table.take(last).cast(schema).to_batches(max_chunksize=100_000) if table.num_rows else ()
