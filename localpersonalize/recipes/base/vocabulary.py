"""Ids on the outside, dense integers on the inside."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

UNKNOWN = -1


class Vocabulary:
    """The distinct ids of one kind; an id's position in it is its index.

    Ids stay in Arrow memory (a million of them take tens of megabytes); the dictionary for single look-ups is
    built on first use.
    """

    def __init__(self, ids: pa.StringArray | pa.ChunkedArray | Iterable[str]) -> None:
        if isinstance(ids, pa.ChunkedArray):
            ids = ids.combine_chunks()
        if isinstance(ids, np.ndarray):
            ids = ids.tolist()
        if not isinstance(ids, pa.Array):
            ids = pa.array(list(ids), pa.string())
        self.array: pa.StringArray = ids.cast(pa.string())

    @classmethod
    def of(cls, *columns: pa.ChunkedArray | pa.Array | None) -> Vocabulary:
        """Distinct ids of the columns, those of the first column first, each in order of appearance."""
        chunks: list[pa.Array] = []
        for column in columns:
            if column is not None:
                column = column.cast(pa.string())
                chunks += column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        return cls(pc.unique(pa.chunked_array(chunks, pa.string())))

    @classmethod
    def encoded(cls, column: pa.ChunkedArray | pa.Array) -> tuple[Vocabulary, np.ndarray]:
        """`of` a column, and the `index` of each of its ids, int32; each id is hashed once."""
        coded = column.cast(pa.string()).dictionary_encode()
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.unify_dictionaries().combine_chunks()
        return cls(coded.dictionary), coded.indices.to_numpy().astype(np.int32, copy=False)

    def __len__(self) -> int:
        return len(self.array)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._index_of_id

    @cached_property
    def ids(self) -> np.ndarray:
        """All ids in order of index, as an array of `str` objects."""
        ids: np.ndarray = self.array.to_numpy(zero_copy_only=False)
        return ids

    @cached_property
    def _index_of_id(self) -> dict[str, int]:
        return {identifier: index for index, identifier in enumerate(self.array.to_pylist())}

    def index_of(self, identifier: str | None) -> int:
        """Index of one id, `UNKNOWN` (-1) if it has none."""
        return UNKNOWN if identifier is None else self._index_of_id.get(identifier, UNKNOWN)

    def index(self, ids: pa.Array | pa.ChunkedArray | Iterable[str]) -> np.ndarray:
        """Index of each id, int32, `UNKNOWN` (-1) where it has none."""
        if isinstance(ids, pa.Array | pa.ChunkedArray):
            matches = pc.index_in(ids.cast(pa.string()), value_set=self.array)
            indices: np.ndarray = pc.fill_null(matches, UNKNOWN).to_numpy().astype(np.int32, copy=False)
            return indices
        return np.fromiter((self.index_of(identifier) for identifier in ids), np.int32)

    def extended(self, ids: Iterable[str]) -> Vocabulary:
        """The same vocabulary with the ids it lacks appended; existing indices stay."""
        new_ids = [identifier for identifier in dict.fromkeys(ids) if identifier not in self]
        return Vocabulary(pa.concat_arrays([self.array, pa.array(new_ids, pa.string())])) if new_ids else self

    def save(self, path: Path) -> None:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, self._schema) as writer:
            writer.write_batch(pa.record_batch([self.array], schema=self._schema))

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        with pa.OSFile(str(path), "rb") as source:
            table = pa.ipc.open_file(source).read_all()
        table.validate(full=True)
        return cls(table.column("id"))

    _schema = pa.schema([("id", pa.string())])
