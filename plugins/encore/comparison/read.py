"""Interactions out of exported files, for a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.export.partitions import Partition
from encore.comparison.held_back import Interactions
from encore.csv_rows import batches, files

COLUMNS = ("user_id", "item_id", "timestamp")


def imported(client: Any, location: str, most: int) -> Interactions:
    """The newest interactions of a snapshot.

    :param most: rows after which no further file is read
    """
    bucket, keys = files(client, location)
    return _interactions(client, bucket, list(reversed(keys)), most)


def days_after(client: Any, location: DatasetLocation, last: str, number: int) -> list[str]:
    """The keys of the exported days after one, YYYY-MM-DD, as many as a comparison looks at."""
    return [day for day in manifests.days(manifests.finished(client, location)) if day > last][:number]


def of_days(client: Any, location: DatasetLocation, days: Sequence[str]) -> Interactions:
    """All interactions of exported days."""
    partitions = [manifests.read(client, location, Partition(day).directory) for day in days]
    keys = [str(file["key"]) for manifest in partitions if manifest for file in manifest.files]
    return _interactions(client, location.bucket, keys, None)


def attribute(client: Any, location: str, column: str) -> dict[str, str]:
    """The value of a column of each user in a snapshot of Users."""
    bucket, keys = files(client, location)
    values: dict[str, str] = {}
    for batch in batches(client, bucket, keys, ("user_id", column.lower())):
        values |= zip(batch["user_id"].to_pylist(), batch[column.lower()].to_pylist(), strict=True)
    return values


def _interactions(client: Any, bucket: str, keys: Sequence[str], most: int | None) -> Interactions:
    import pyarrow as pa
    import pyarrow.compute as pc

    parts: list[Any] = []
    rows = 0
    for batch in batches(client, bucket, keys, COLUMNS, ("event_type",)):
        parts.append(batch)
        rows += batch.num_rows
        if most is not None and rows >= most:
            break
    if not parts:
        empty = np.empty(0, "<U1")
        return Interactions(empty, empty, np.empty(0, int))
    table = pa.Table.from_batches([part for part in parts if part.schema.names == parts[0].schema.names])
    text = {name: table[name].to_numpy().astype(str) for name in table.column_names if name != "timestamp"}
    times = pc.cast(table["timestamp"], pa.int64()).to_numpy()
    return Interactions(text["user_id"], text["item_id"], times, text.get("event_type"))
