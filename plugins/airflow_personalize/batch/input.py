"""The lines of a batch job's input: `{"userId": "17"}` out of a query's row.

An id is written as the export writes it, so that a batch job asks about the ids that were imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.schema.avro import Field
from airflow_personalize.export.validation.casting import UncastableError, convert

KEYS = {
    "user_id": "userId",
    "item_id": "itemId",
    "item_attributes": "itemAttributes",
    "item_list": "itemList",
    "filter_values": "filterValues",
}
OPTIONAL = ("filter_values",)
LIKE = {"item_list": '["1", "2"]', "filter_values": '{"GENRE": "\\"drama\\""}'}  # columns of JSON


class BatchInputEncoder:
    """Turns batches of rows into lines. Rows without an id are left out and counted.

    :param columns: the columns that a line is made of, e.g. `("user_id", "item_list")`
    :param names: the query's columns; others than these are ignored, since the query may be a dataset's
    """

    def __init__(self, columns: Sequence[str], names: Sequence[str]) -> None:
        positions = {name.lower(): position for position, name in enumerate(names)}
        if missing := [name for name in columns if name not in positions]:
            raise ExportError(
                f"the query of the batch job's input has no column {', '.join(missing)}, only {', '.join(names)}:"
                " name the column so in the query"
            )
        self._positions = {name: positions[name] for name in (*columns, *OPTIONAL) if name in positions}
        self.lines = self.skipped = 0

    def encode(self, batch: pa.RecordBatch) -> tuple[bytes, int]:
        """The lines of a batch of rows, and how many they are."""
        values = [self._values(name, batch.column(at)) for name, at in self._positions.items()]
        lines = [
            json.dumps(line, ensure_ascii=False) for line in self._lines(zip(*values, strict=True)) if line
        ]
        self.lines += len(lines)
        self.skipped += batch.num_rows - len(lines)
        return "".join(f"{line}\n" for line in lines).encode(), len(lines)

    def _lines(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[dict[str, Any] | None]:
        for row in rows:
            known = dict(zip(self._positions, row, strict=True))
            complete = all(value not in (None, "") for name, value in known.items() if name not in OPTIONAL)
            yield (
                {KEYS[name]: value for name, value in known.items() if value is not None}
                if complete
                else None
            )

    def _values(self, name: str, array: pa.Array) -> list[Any]:
        if name == "item_list" and (pa.types.is_list(array.type) or pa.types.is_large_list(array.type)):
            return [None if ids is None else [str(item) for item in ids] for ids in array.to_pylist()]
        try:
            converted = convert(Field(name, "string"), array)
        except UncastableError as error:
            raise ExportError(f"column {name!r} of the batch job's input: {error}") from error
        if any(mask.any() for _, mask in converted.failures):
            raise ExportError(f"column {name!r} of the batch job's input holds no text: cast it in the query")
        texts = [None if value is None else _text(value) for value in converted.values.to_pylist()]
        return [_parsed(name, text) for text in texts] if name in LIKE else texts


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parsed(name: str, text: str | None) -> Any:
    """JSON out of a text column, for databases without arrays or objects."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if name == "item_list" and isinstance(value, list):
        return [str(item) for item in value]
    if name == "filter_values" and isinstance(value, dict):
        return value
    raise ExportError(
        f"column {name!r} of the batch job's input holds {text[:80]!r}; it must be like {LIKE[name]}"
    )
