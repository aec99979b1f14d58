"""Dataset import jobs: CSV files in S3 become a version of a dataset.

Runs in a process of its own; what it returns is put into the store by the service, in one step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from localpersonalize.datasets.column_checks import Findings
from localpersonalize.datasets.csv_files import ImportRefusedError, arrow_schema, read
from localpersonalize.datasets.s3_objects import Objects
from localpersonalize.datasets.schemas import (
    MAX_EVENT_TYPES_AND_FIELDS,
    REQUIRED_FIELDS,
    Field,
    event_types_allowed,
    parse_fields,
)
from localpersonalize.datasets.tables import Tables
from localpersonalize.resource_types import Dataset, DatasetImportJob, Schema

MERGED_TYPES = ("USERS", "ITEMS", "ACTIONS")


def run(
    tables: Tables, job: DatasetImportJob, dataset: Dataset, schema: Schema, objects: Objects
) -> dict[str, Any]:
    """Import everything under the job's location.

    :returns: `versions`, the names that make up the dataset now, `rows`, the number read, and `truncated`, how many
        texts of each field were longer than the service keeps.
    :raises ImportRefusedError: with the reason that the job shows.
    """
    location = job["dataSource"]["dataLocation"]
    fields, kind = parse_fields(schema["schema"]), dataset["datasetType"].upper()
    keys = list(objects.at(location))
    version = job["datasetImportJobArn"].split("/")[-1]
    earlier = dataset.get("_versions", []) if job.get("importMode") == "INCREMENTAL" else []
    findings = Findings()
    counted = _Counter(_read_all(objects, keys, fields, kind, findings), location)
    batches: Iterable[pa.RecordBatch] = counted
    if kind in MERGED_TYPES:
        batches = _newest_per_id(tables, dataset, counted, bool(earlier), fields, kind)
        versions = [version]
    else:
        versions = [*[name for name in earlier if name != version], version]
        if kind == "INTERACTIONS":
            batches = _with_few_event_types(
                counted, findings, fields, _types_so_far(tables, dataset, earlier)
            )
    tables.write_version(dataset["datasetArn"], version, arrow_schema(fields), batches)
    return {"versions": versions, "rows": counted.rows, "truncated": dict(findings.truncated)}


def _types_so_far(tables: Tables, dataset: Dataset, earlier: list[str]) -> set[str]:
    """Event types of the bulk data that this import adds to."""
    kinds: set[str] = set()
    for batch in tables.batches(dataset["datasetArn"]) if earlier else ():
        if "EVENT_TYPE" in batch.schema.names:
            kinds.update(kind for kind in batch.column("EVENT_TYPE").unique().to_pylist() if kind is not None)
    return kinds


def _with_few_event_types(
    batches: Iterable[pa.RecordBatch], findings: Findings, fields: list[Field], earlier: set[str]
) -> Iterator[pa.RecordBatch]:
    """The batches, as long as there are no more event types than the service takes.

    :raises ImportRefusedError: naming them.
    """
    most = event_types_allowed(fields)
    for batch in batches:
        kinds = findings.event_types | earlier
        if len(kinds) > most:
            raise ImportRefusedError(
                f"The data has {len(kinds)} or more distinct event types in EVENT_TYPE"
                f" ({', '.join(sorted(kinds)[:12])}); beside {MAX_EVENT_TYPES_AND_FIELDS - most} metadata fields,"
                f" EVENT_TYPE and EVENT_VALUE among them, at most {most} are allowed."
            )
        yield batch


class _Counter:
    """Batches, counted as they pass."""

    def __init__(self, batches: Iterator[pa.RecordBatch], location: str) -> None:
        self.rows, self._batches, self._location = 0, batches, location

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """
        :raises ImportRefusedError: if there were none: an import would empty the dataset.
        """
        for batch in self._batches:
            self.rows += batch.num_rows
            yield batch
        if not self.rows:
            raise ImportRefusedError(f"The files at {self._location} hold no records, only headers.")


def _read_all(
    objects: Objects, keys: list[tuple[str, str]], fields: list[Field], kind: str, findings: Findings
) -> Iterator[pa.RecordBatch]:
    for bucket, key in keys:
        yield from read(objects.open(bucket, key), f"s3://{bucket}/{key}", fields, kind, findings)


def _newest_per_id(
    tables: Tables, dataset: Dataset, batches: _Counter, merge: bool, fields: list[Field], kind: str
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
