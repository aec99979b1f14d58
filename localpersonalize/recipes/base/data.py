"""What a recipe trains on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

WEIGHT_COLUMN = "__WEIGHT"
"""Column of interactions that holds each event's weight (float32), when the solution weighs event types."""

RESERVED_COLUMNS = frozenset(
    ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE", "IMPRESSION", "RECOMMENDATION_ID")
)
"""Columns of interactions that are not contextual metadata."""


class TrainingError(Exception):
    """The data does not allow this training; the text is the solution version's `failureReason`."""


def no_interactions() -> pa.Table:
    """Those of a dataset group that has none, for recipes that need none."""
    columns = {"USER_ID": pa.string(), "ITEM_ID": pa.string(), "TIMESTAMP": pa.int64()}
    return pa.schema(columns).empty_table()


@dataclass(frozen=True)
class TrainingData:
    """The datasets of a dataset group, with column names in upper case.

    `interactions`: USER_ID, ITEM_ID (string), TIMESTAMP (int64, epoch seconds), optionally EVENT_TYPE,
    EVENT_VALUE, IMPRESSION ('|'-separated item ids) and context columns. `users`, `items`: USER_ID or ITEM_ID
    and metadata columns, one row an id. `schemas`: by dataset type in lower case ("interactions", "users",
    "items"), the Avro schema as a dict; its field names may be in either case.
    """

    interactions: pa.Table
    users: pa.Table | None = None
    items: pa.Table | None = None
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def context_columns(data: TrainingData) -> set[str]:
    """Contextual metadata: interactions columns that are neither required nor reserved."""
    names = data.interactions.column_names
    return {name for name in names if name not in RESERVED_COLUMNS and not name.startswith("__")}
