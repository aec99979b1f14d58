"""What a solution trains on: its event types, their thresholds and weights, and which columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from localpersonalize.recipes.base.data import WEIGHT_COLUMN, TrainingData, TrainingError

MINIMUM_INTERACTIONS = 1000
MINIMUM_USERS = 25
KEYS = {
    "interactions": ("USER_ID", "ITEM_ID", "TIMESTAMP"),
    "users": ("USER_ID",),
    "items": ("ITEM_ID",),
}


def select(data: TrainingData, event_type: str | None, solution_config: Mapping[str, Any]) -> TrainingData:
    """The part of the data that a solution's configuration trains on.

    :param solution_config: in the shape of `SolutionConfig`.
    :raises TrainingError: if it names a column that is not there.
    """
    data = _columns(data, solution_config.get("trainingDataConfig") or {})
    events = (solution_config.get("eventsConfig") or {}).get("eventParametersList") or []
    threshold = solution_config.get("eventValueThreshold")
    if events:
        return replace(data, interactions=_weighted(data.interactions, events))
    table = data.interactions
    if event_type:
        table = table.filter(_of_type(table, event_type))
    if threshold not in (None, ""):
        table = table.filter(_reaching(table, float(str(threshold))))
    return replace(data, interactions=table)


def check_minimum(data: TrainingData) -> None:
    """Refuse what is too little to train on.

    :raises TrainingError: in the service's words.
    """
    table = data.interactions
    if table.num_rows < MINIMUM_INTERACTIONS:
        raise TrainingError(
            f"Create failed. Dataset has fewer than {MINIMUM_INTERACTIONS} interactions after filtering by"
            f" event type and event value threshold: it has {table.num_rows}."
        )
    counts = pc.value_counts(table["USER_ID"]).field("counts").to_numpy()
    if int((counts >= 2).sum()) < MINIMUM_USERS:
        raise TrainingError(
            f"Create failed. Dataset has fewer than {MINIMUM_USERS} users with at least 2 interactions each."
        )


def _of_type(table: pa.Table, event_type: str) -> pa.ChunkedArray:
    if "EVENT_TYPE" not in table.column_names:
        raise TrainingError(
            f"The solution trains on event type {event_type}, but the Interactions dataset has no EVENT_TYPE."
        )
    return pc.equal(table["EVENT_TYPE"], event_type)


def _reaching(table: pa.Table, threshold: float) -> pa.ChunkedArray:
    if "EVENT_VALUE" not in table.column_names:
        raise TrainingError(
            f"The solution has eventValueThreshold {threshold}, but Interactions has no EVENT_VALUE."
        )
    return pc.fill_null(pc.greater_equal(table["EVENT_VALUE"], threshold), False)


def _weighted(table: pa.Table, events: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Events of the named types with their weights; others are left out."""
    weights = np.zeros(table.num_rows, np.float32)
    for entry in events:
        has_weight = _of_type(table, entry["eventType"])
        if entry.get("eventValueThreshold") is not None:
            has_weight = pc.and_(has_weight, _reaching(table, float(entry["eventValueThreshold"])))
        weights[has_weight.to_numpy().astype(bool)] = float(entry.get("weight", 1.0))
    return table.append_column(WEIGHT_COLUMN, pa.array(weights)).filter(pa.array(weights > 0))


def _columns(data: TrainingData, config: Mapping[str, Any]) -> TrainingData:
    excluded = _by_dataset(config.get("excludedDatasetColumns"))
    included = _by_dataset(config.get("includedDatasetColumns"))
    tables: dict[str, Any] = {}
    for name, keys in KEYS.items():
        table = getattr(data, name)
        if table is None:
            continue
        for column in excluded.get(name, set()) | included.get(name, set()):
            if column not in table.column_names:
                raise TrainingError(
                    f"trainingDataConfig names column {column}, which the {name} dataset does not have."
                )
        left_out = set(table.column_names) - included[name] if name in included else set()
        left_out = (left_out | excluded.get(name, set())) - set(keys)
        columns = [column for column in table.column_names if column not in left_out]
        tables[name] = table.select(columns)
    return replace(data, **tables)


def _by_dataset(columns: Mapping[str, Sequence[str]] | None) -> dict[str, set[str]]:
    return {name.lower(): {column.upper() for column in names} for name, names in (columns or {}).items()}
