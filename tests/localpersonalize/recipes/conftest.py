"""Generated data with a planted pattern, the right answer of which is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyarrow as pa
import pytest

from localpersonalize.recipes.base import TrainingData

Event = tuple[str, str, int]


def data_of(events: Iterable[Event], **tables: pa.Table) -> TrainingData:
    users, items, times = zip(*events, strict=True)
    interactions = pa.table(
        {
            "USER_ID": pa.array(users, pa.string()),
            "ITEM_ID": pa.array(items, pa.string()),
            "TIMESTAMP": pa.array(times, pa.int64()),
        }
    )
    return TrainingData(interactions=interactions, **tables)


@pytest.fixture
def make_data() -> Callable[..., TrainingData]:
    return data_of
