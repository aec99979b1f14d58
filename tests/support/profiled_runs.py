"""Past runs with the profiles of their data."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from encore import history
from tests.support.past_runs import past_runs
from tests.support.shop_days import Shop


def runs_with_profiles(count: int, fault_from: int | None = None) -> list[dict[str, Any]]:
    """The rows of past runs, each with the profile of a day; from one on, DEVICE lacks and purchases are gone."""
    shop = Shop(5)

    def fault(columns: dict[str, Any], draw: Any) -> dict[str, Any]:
        rows = len(columns["DEVICE"])
        return {
            **columns,
            "DEVICE": pa.array(["phone"] * rows, mask=draw.random(rows) < 0.6),
            "EVENT_TYPE": pa.array(["view"] * rows),
        }

    recorded = []
    for number in range(count):
        broken = fault_from is not None and number >= fault_from
        profile = shop.day(number, fault if broken else None).to_dict(samples=False)
        insights = ["interactions: 3,000 interactions; 50,000 or more are recommended"]
        written = {"profiles": json.dumps({"interactions": profile}), "insights": json.dumps(insights)}
        recorded += [{**row, **written} for row in past_runs(count)[2 * number : 2 * number + 2]]
    return history.from_parquet(history.to_parquet(recorded))
