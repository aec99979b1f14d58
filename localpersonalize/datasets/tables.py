"""The tables of a dataset: versions of Arrow files on disk, and what came one by one, put together.

A version is a folder that never changes once it is named in the dataset's resource (`_versions`), so that an import
shows at once or not at all, and a training that reads an older version is not disturbed.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from localpersonalize.database import Database
from localpersonalize.datasets.csv_files import arrow_schema
from localpersonalize.datasets.events import deduplicated
from localpersonalize.datasets.schemas import REQUIRED_FIELDS, parse_fields
from localpersonalize.disk import folders
from localpersonalize.disk.sealed import DamagedError
from localpersonalize.resource_types import DATASET, SCHEMA, Dataset, Schema

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
DATA = "data.arrow"
OnDamage = Callable[[DamagedError], None]
_walked: set[str] = set()
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
        rows = 0
        # Not compressed: readers map the file into memory and copy nothing.
        with (
            folders.replaced(self.version_folder(dataset_arn, version)) as folder,
            pa.OSFile(str(folder / DATA), "wb") as sink,
            pa.ipc.new_file(sink, schema) as file,
        ):
            for batch in batches:
                file.write_batch(batch)
                rows += batch.num_rows
        return rows

    def bulk(self, dataset_arn: str, on_damage: OnDamage | None = None) -> pa.Table | None:
        """What was imported, None before the first import.

        :param on_damage: called with each version that can't be read, which is left out then.
        :raises DamagedError: of a version that can't be read, without `on_damage`.
        """
        versions = []
        for name in self._versions(dataset_arn):
            try:
                versions.append(self._read(dataset_arn, name))
            except DamagedError as error:
                if on_damage is None:
                    raise
                on_damage(error)
        return pa.concat_tables(versions, promote_options="default") if versions else None

    def version(self, dataset_arn: str, name: str) -> pa.Table | None:
        """What one import brought, None if it is no longer kept."""
        folder = self.version_folder(dataset_arn, name)
        return self._read(dataset_arn, name) if folder.exists() else None

    def whole(self, dataset_arn: str, on_damage: OnDamage | None = None) -> pa.Table | None:
        """Imported and streamed records together; of Users, Items and Actions the newest of each id.

        :param on_damage: as of `bulk`.
        """
        dataset = self._dataset(dataset_arn)
        if dataset is None:
            return None
        kind = dataset["datasetType"].upper()
        bulk = self.bulk(dataset_arn, on_damage)
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

    def drop_versions(self, dataset_arn: str, names_in_use: Iterable[str]) -> None:
        """Delete versions that the dataset no longer names."""
        folder = self.version_folder(dataset_arn, "x").parent
        names = set(names_in_use)
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
        with _opened(self.version_folder(dataset_arn, version)) as reader:
            return reader.read_all()

    def batches(self, dataset_arn: str) -> Iterator[pa.RecordBatch]:
        """Imported records in batches, without reading all of them."""
        for version in self._versions(dataset_arn):
            with _opened(self.version_folder(dataset_arn, version)) as reader:
                for index in range(reader.num_record_batches):
                    yield reader.get_batch(index)


@contextmanager
def _opened(folder: Path) -> Iterator[Any]:
    """The file of a version, mapped into memory.

    Arrow believes what it reads: random bytes end the process. So nothing is read that was not compared with its
    checksum, or, if an earlier version of localpersonalize took none, walked through from end to end.

    :raises DamagedError: if it is not what was written.
    """
    is_known = folders.verify(folder)
    try:
        with pa.memory_map(str(folder / DATA)) as source:
            reader = pa.ipc.open_file(source)
            if not is_known and str(folder) not in _walked:
                reader.read_all().validate(full=True)
                _walked.add(str(folder))
            yield reader
    except (pa.ArrowException, OSError) as error:
        raise DamagedError(folder, f"{folder / DATA} can't be read: {error}") from None


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
