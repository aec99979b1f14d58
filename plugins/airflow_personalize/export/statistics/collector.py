"""What is counted while rows are written: instants, distinct ids, event types, the service's minimum."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from airflow_personalize.export.schema.avro import DatasetSchema
from airflow_personalize.export.statistics.distinct import DistinctCounter
from airflow_personalize.export.statistics.training_minimum import ActiveUserCounter

IDS = ("USER_ID", "ITEM_ID")
#: More event types than the service can ever take; a note of more would only fatten the manifest.
_EVENT_TYPES_NOTED = 50


class Statistics:
    """Counts over the written rows of one export.

    Ids of users and items are unique in their own dataset, so their number is the number of rows there.

    :param ids: count them all the same, so that slices of a dataset can be compared
    """

    def __init__(self, schema: DatasetSchema, *, ids: bool = False) -> None:
        self._names = {field.canonical: field.name for field in schema.fields}
        self._interactions = schema.dataset_type == "INTERACTIONS"
        self._instant = self._names.get("TIMESTAMP") or self._names.get("CREATION_TIMESTAMP")
        self._counters = {name: DistinctCounter() for name in self._counted(ids)}
        self._with_two = ActiveUserCounter()
        self.rows = 0
        self.min_timestamp: int | None = None
        self.max_timestamp: int | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        if not batch.num_rows:
            return
        if self._instant is not None:
            self._add_instants(batch.column(self._instant))
        for canonical, counter in self._counters.items():
            counter.add(batch.column(self._names[canonical]))
        if self._interactions:
            self._with_two.add(batch.column(self._names["USER_ID"]))

    def distinct(self, canonical: str) -> int | None:
        """Distinct values of an id, None where the dataset has no such field."""
        if canonical not in self._names:
            return None
        return self._counters[canonical].count() if canonical in self._counters else self.rows

    def users(self) -> dict[str, object]:
        return self._with_two.note() if self._interactions else {}

    def ids(self) -> dict[str, pa.Array]:
        """The distinct users and items, as text."""
        return {name: self._counters[name].values() for name in IDS if name in self._counters}

    def event_types(self) -> list[str]:
        if "EVENT_TYPE" not in self._counters:
            return []
        return sorted(self._counters["EVENT_TYPE"].values().to_pylist())[:_EVENT_TYPES_NOTED]

    def _counted(self, ids: bool) -> list[str]:
        if not self._interactions and not ids:
            return []
        return [name for name in (*IDS, "EVENT_TYPE") if name in self._names]

    def _add_instants(self, values: pa.Array) -> None:
        extremes = pc.min_max(values).as_py()
        if extremes["min"] is None:
            return
        lows = [value for value in (self.min_timestamp, extremes["min"]) if value is not None]
        highs = [value for value in (self.max_timestamp, extremes["max"]) if value is not None]
        self.min_timestamp, self.max_timestamp = min(lows), max(highs)
