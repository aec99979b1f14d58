"""Days of a generated shop, as profiles: seasons of the week, growth, sessions, and faults on wish."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from airflow_personalize.export.schema.avro import parse_schema
from airflow_personalize.export.statistics.profile import Profile
from airflow_personalize.export.statistics.profiler import Profiler

SCHEMA = parse_schema(
    {
        "type": "record",
        "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema",
        "version": "1.0",
        "fields": [
            {"name": "USER_ID", "type": "string"},
            {"name": "ITEM_ID", "type": "string"},
            {"name": "EVENT_TYPE", "type": "string"},
            {"name": "EVENT_VALUE", "type": ["null", "float"]},
            {"name": "DEVICE", "type": ["null", "string"], "categorical": True},
            {"name": "TIMESTAMP", "type": "long"},
        ],
    }
)
KINDS = np.array(["view", "cart", "purchase", "rating"])
DEVICES = np.array(["phone", "tablet", "desktop"])
Fault = Callable[[dict[str, pa.Array], np.random.Generator], dict[str, pa.Array]]


class Shop:
    """Days of one shop; `seed` decides how large it is, and how it changes over the week and from day to day."""

    def __init__(self, seed: int) -> None:
        self.draw = np.random.default_rng(seed)
        self.sessions = int(self.draw.choice([60, 300, 1500]))
        self.growth = self.draw.uniform(0.99, 1.02)
        self.weekend = self.draw.uniform(0.3, 1.6)
        self.kinds = self.draw.dirichlet([40, 8, 5, 4])
        self.weekday_devices = self.draw.dirichlet([12, 4, 10])
        self.weekend_devices = 0.5 * self.weekday_devices + 0.5 * self.draw.dirichlet([16, 6, 4])
        self.valued = self.draw.uniform(0.1, 0.9)

    def day(self, number: int, fault: Fault | None = None) -> Profile:
        draw, weekend = self.draw, number % 7 >= 5
        level = self.growth**number * (self.weekend if weekend else 1.0) * draw.lognormal(0, 0.15)
        sessions = max(int(self.sessions * level), 12)
        sizes = draw.geometric(0.25, sessions)
        rows = int(sizes.sum())
        session = np.repeat(np.arange(sessions), sizes)
        devices = draw.choice(3, sessions, p=self.weekend_devices if weekend else self.weekday_devices)
        kinds = draw.choice(4, rows, p=draw.dirichlet(400 * self.kinds))
        users = (draw.pareto(1.5, sessions) * 500).astype(np.int64)
        columns = {
            "USER_ID": pa.array(users[session]),
            "ITEM_ID": pa.array((draw.pareto(1.2, rows) * 200).astype(np.int64)),
            "EVENT_TYPE": pa.array(KINDS[kinds]),
            "EVENT_VALUE": pa.array(
                draw.lognormal(3, 1, rows).astype(np.float32), mask=draw.random(rows) > self.valued
            ),
            "DEVICE": pa.array(DEVICES[devices][session], mask=draw.random(rows) < 0.03),
            "TIMESTAMP": pa.array(number * 86_400 + draw.integers(0, 86_400, rows)),
        }
        return profile_of(fault(columns, draw) if fault else columns)


def profile_of(columns: dict[str, pa.Array]) -> Profile:
    profiler = Profiler(SCHEMA)
    profiler.add(pa.RecordBatch.from_pydict(columns))
    return profiler.profile()
