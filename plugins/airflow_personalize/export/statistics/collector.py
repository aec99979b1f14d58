"""What is counted while rows are written: instants, distinct ids, event types, the service's minimum."""

from __future__ import annotations

import pyarrow as pa

from airflow_personalize.export.schema.avro import DatasetSchema
from airflow_personalize.export.statistics.distinct import DistinctCounter
from airflow_personalize.export.statistics.profile import Profile
from airflow_personalize.export.statistics.profiler import Profiler
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
        self._counters = {name: DistinctCounter() for name in self._counted(ids)}
        self._with_two = ActiveUserCounter()
        self._profiler = Profiler(schema)
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        if not batch.num_rows:
            return
        self._profiler.add(batch)
        for canonical, counter in self._counters.items():
            counter.add(batch.column(self._names[canonical]))
        if self._interactions:
            self._with_two.add(batch.column(self._names["USER_ID"]))

    def instants(self) -> tuple[int | None, int | None]:
        """The first and the last instant (epoch seconds), None where rows have none."""
        return self._profiler.range("TIMESTAMP" if "TIMESTAMP" in self._names else "CREATION_TIMESTAMP")

    def profile(self) -> Profile:
        return self._profiler.profile()

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
        return sorted(self._profiler.counted("EVENT_TYPE"))[:_EVENT_TYPES_NOTED]

    def _counted(self, ids: bool) -> list[str]:
        if not self._interactions and not ids:
            return []
        return [name for name in IDS if name in self._names]
