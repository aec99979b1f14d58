"""Ids of rows, kept beside a partition: a row that is in two partitions, or twice in one, is imported twice.

A dataset's `row_id` names a column of the query that is different for each row of the table (its primary key). It is no
field of the schema and in no CSV; the ids that were written go to an object of their own, compressed. A snapshot reads
those of all its partitions and compares them, in eight bytes of memory an id.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.types as pt

_COLUMN = "row_id"
_EXAMPLES = 3


class Partitioned(Protocol):
    """What has a key and the objects that hold its rows' ids: a manifest."""

    @property
    def key(self) -> str: ...

    @property
    def rows(self) -> int: ...

    @property
    def row_ids(self) -> Sequence[str]: ...


class RowIdFile:
    """Ids on their way to an object, in a temporary file, so that memory does not grow with rows."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="row-ids-")  # noqa: SIM115 - closed by `close`
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None
        self._type: pa.DataType | None = None

    def add(self, ids: pa.Array) -> None:
        """The ids of rows that were written: numbers or texts, as the first batch has them."""
        if self._writer is None:
            self._type = ids.type
            schema = pa.schema([pa.field(_COLUMN, ids.type)])
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            self._writer = pa.ipc.new_stream(self._file, schema, options=options)
        self._writer.write_batch(pa.RecordBatch.from_arrays([ids.cast(self._type)], names=[_COLUMN]))

    def put(self, client: Any, bucket: str, key: str) -> list[str]:
        """Write the object; its key, or nothing where no row was written."""
        if self._writer is None:
            return []
        self._writer.close()
        self._file.seek(0)
        client.put_object(Bucket=bucket, Key=key, Body=self._file)
        return [key]

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class Duplicates:
    """`rows` are there beyond the first of their id; `examples` name an id and the partitions that hold it."""

    rows: int = 0
    examples: Sequence[str] = ()
    #: Partitions that were exported without ids, so that nothing is known about them.
    unknown: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"rows": self.rows, "examples": list(self.examples), "unknown": list(self.unknown)}


def find_duplicates(client: Any, bucket: str, partitions: Sequence[Partitioned]) -> Duplicates | None:
    """Compare the ids of all partitions; None where none of them has any."""
    known = [partition for partition in partitions if partition.row_ids]
    if not known:
        return None
    unknown = [partition.key for partition in partitions if partition.rows and not partition.row_ids]
    read = [_keys(ids) for partition in known for ids in _ids(client, bucket, partition)]
    keys = np.sort(np.concatenate(read)) if read else np.empty(0, dtype=np.int64)
    repeated = keys[1:][keys[1:] == keys[:-1]]
    if not len(repeated):
        return Duplicates(unknown=unknown)
    return Duplicates(
        len(repeated), _examples(client, bucket, known, np.unique(repeated)[:_EXAMPLES]), unknown
    )


def _examples(
    client: Any, bucket: str, partitions: Sequence[Partitioned], wanted: npt.NDArray[np.int64]
) -> list[str]:
    partitions_of: dict[int, list[str]] = {}
    texts: dict[int, str] = {}
    for partition in partitions:
        for ids in _ids(client, bucket, partition):
            keys = _keys(ids)
            for position in np.flatnonzero(np.isin(keys, wanted)):
                key = int(keys[position])
                texts.setdefault(key, str(ids[int(position)].as_py()))
                partitions_of.setdefault(key, []).append(partition.key)
    return [f"{texts[key]} in {' and '.join(names)}" for key, names in partitions_of.items()]


def _ids(client: Any, bucket: str, partition: Partitioned) -> Iterator[pa.Array]:
    for key in partition.row_ids:
        with tempfile.TemporaryFile(prefix="row-ids-") as file:
            client.download_fileobj(bucket, key, file)
            file.seek(0)
            with pa.ipc.open_stream(file) as reader:
                for batch in reader:
                    yield batch.column(0).drop_null()


def _keys(ids: pa.Array) -> npt.NDArray[np.int64]:
    """Numbers as they are, texts by a hash of 64 bits."""
    if pt.is_integer(ids.type):
        numbers: npt.NDArray[np.integer[Any]] = ids.to_numpy()
        return numbers.astype(np.int64)
    return np.fromiter(map(hash, ids.to_pylist()), dtype=np.int64, count=len(ids))
