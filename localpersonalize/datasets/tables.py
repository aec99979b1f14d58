"""The tables of a dataset: versions of Arrow files on disk, and what came one by one, put together.

A version is a folder that never changes once it is named in the dataset's resource (`_versions`), so that an import
shows at once or not at all, and a training that reads an older version is not disturbed.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from localpersonalize.database import Database
from localpersonalize.datasets.csv_files import arrow_schema
from localpersonalize.datasets.events import deduplicated
from localpersonalize.datasets.schemas import REQUIRED_FIELDS, parse_fields
from localpersonalize.resource_types import DATASET, SCHEMA, Dataset, Schema

SPLIT_ROWS = 5_000_000
ROWS_AT_ONCE = 10_000
_UNHELD = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, ValueError, TypeError)
#: What is read of each event that was put, whatever else its dataset has.
EVENT_COLUMNS = pa.schema(
    {
        "USER_ID": pa.string(),
        "SESSION_ID": pa.string(),
        "ITEM_ID": pa.string(),
        "TIMESTAMP": pa.int64(),
        "EVENT_TYPE": pa.string(),
        "EVENT_VALUE": pa.float64(),
    }
)
_log = logging.getLogger(__name__)


class Tables:
    """Bulk data under `folder`, streamed data in the database."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self.folder = database, folder

    def version_folder(self, dataset_arn: str, version: str) -> Path:
        """Where a version of a dataset is, or would be, kept."""
        return self.folder / dataset_arn.split(":")[-1].removeprefix("dataset/").replace("/", ".") / version

    def write_version(
        self, dataset_arn: str, version: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
    ) -> int:
        """Write a version aside and give it its name when it is whole; returns its rows."""
        final = self.version_folder(dataset_arn, version)
        partial = final.with_name(final.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        rows = 0
        # Not compressed: readers map the file into memory and copy nothing.
        with (
            pa.OSFile(str(partial / "data.arrow"), "wb") as sink,
            pa.ipc.new_file(sink, schema) as file,
        ):
            for batch in batches:
                file.write_batch(batch)
                rows += batch.num_rows
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        return rows

    def bulk(self, dataset_arn: str) -> pa.Table | None:
        """What was imported, None before the first import."""
        versions = self._versions(dataset_arn)
        if not versions:
            return None
        return pa.concat_tables(
            [self._read(dataset_arn, name) for name in versions], promote_options="default"
        )

    def version(self, dataset_arn: str, name: str) -> pa.Table | None:
        """What one import brought, None if it is no longer kept."""
        folder = self.version_folder(dataset_arn, name)
        return self._read(dataset_arn, name) if folder.exists() else None

    def whole(self, dataset_arn: str) -> pa.Table | None:
        """Imported and streamed records together; of Users, Items and Actions the newest of each id."""
        dataset = self._dataset(dataset_arn)
        if dataset is None:
            return None
        kind = dataset["datasetType"].upper()
        bulk = self.bulk(dataset_arn)
        schema = self._arrow_schema(dataset)
        if kind.endswith("INTERACTIONS"):
            rows = deduplicated(self._database.events(dataset_arn))
            streamed = _table(rows, schema) if rows else None
            return _concatenated(bulk, streamed)
        records = self._database.records(dataset_arn)
        if not records:
            return bulk
        identifier = next(iter(REQUIRED_FIELDS[kind]))
        streamed = _table(list(records.values()), schema)
        if bulk is not None:
            unreplaced = pc.invert(pc.is_in(bulk[identifier], value_set=pa.array(list(records), pa.string())))
            bulk = bulk.filter(unreplaced)
        return _concatenated(bulk, streamed)

    def readable_events(self, dataset_arn: str) -> Iterator[dict[str, Any]]:
        """Events put one by one that the dataset can hold, as they were put."""
        events = iter(self._database.events(dataset_arn))
        while records := list(islice(events, ROWS_AT_ONCE)):
            yield from _holdable(records, EVENT_COLUMNS)

    def streamed(self, dataset_arn: str) -> pa.Table | None:
        """What came one by one, None if nothing did."""
        dataset = self._dataset(dataset_arn)
        if dataset is None:
            return None
        schema = self._arrow_schema(dataset)
        if dataset["datasetType"].upper().endswith("INTERACTIONS"):
            rows = deduplicated(self._database.events(dataset_arn))
        else:
            rows = list(self._database.records(dataset_arn).values())
        return _table(rows, schema) if rows else None

    def drop_versions(self, dataset_arn: str, keep: Iterable[str]) -> None:
        """Delete versions that the dataset no longer names."""
        folder = self.version_folder(dataset_arn, "x").parent
        names = set(keep)
        for entry in folder.iterdir() if folder.exists() else ():
            if entry.name not in names:
                shutil.rmtree(entry, ignore_errors=True)

    def _dataset(self, arn: str) -> Dataset | None:
        return cast("Dataset | None", self._database.get(arn, DATASET.name))

    def _versions(self, dataset_arn: str) -> list[str]:
        """Names of the versions that make up the bulk data, oldest first."""
        dataset = self._dataset(dataset_arn)
        return [] if dataset is None else dataset.get("_versions", [])

    def _arrow_schema(self, dataset: Dataset) -> pa.Schema:
        schema = cast("Schema | None", self._database.get(dataset["schemaArn"], SCHEMA.name))
        if schema is None:
            raise LookupError(f"The schema {dataset['schemaArn']} of {dataset['datasetArn']} is gone.")
        return arrow_schema(parse_fields(schema["schema"]))

    def _read(self, dataset_arn: str, version: str) -> pa.Table:
        file = self.version_folder(dataset_arn, version) / "data.arrow"
        with pa.memory_map(str(file)) as source:
            return pa.ipc.open_file(source).read_all()

    def batches(self, dataset_arn: str) -> Iterator[pa.RecordBatch]:
        """Imported records in batches, without reading all of them."""
        for version in self._versions(dataset_arn):
            file = self.version_folder(dataset_arn, version) / "data.arrow"
            with pa.memory_map(str(file)) as source:
                reader = pa.ipc.open_file(source)
                for index in range(reader.num_record_batches):
                    yield reader.get_batch(index)


def _concatenated(bulk: pa.Table | None, streamed: pa.Table | None) -> pa.Table | None:
    parts = [part for part in (bulk, streamed) if part is not None]
    return pa.concat_tables(parts, promote_options="default") if parts else None


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Records as columns of the schema; what they lack is null, what the schema lacks is left out.

    A record that the schema can't hold, kept by a version that checked less, costs that record: it is left out and
    logged.
    """
    nullable = pa.schema([field.with_nullable(True) for field in schema])
    return pa.Table.from_pylist([_only(row, nullable) for row in _holdable(rows, nullable)], nullable)


def _holdable(rows: list[dict[str, Any]], schema: pa.Schema) -> list[dict[str, Any]]:
    """The records that columns of these types can hold, which mostly all can; the others are logged."""
    try:
        pa.Table.from_pylist([_only(row, schema) for row in rows], schema)
    except _UNHELD:
        return [row for row in rows if _is_holdable(row, schema)]
    return rows


def _is_holdable(row: dict[str, Any], schema: pa.Schema) -> bool:
    try:
        pa.Table.from_pylist([_only(row, schema)], schema)
    except _UNHELD as error:
        _log.error("A stored record is left out, its dataset can't hold it: %s: %.200r", error, row)
        return False
    return True


def _only(row: dict[str, Any], schema: pa.Schema) -> dict[str, Any]:
    return {name: row.get(name) for name in schema.names}
