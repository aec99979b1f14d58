"""What a run costs on AWS: estimated before it from the data's size, computed after it from what the service did.

Prices are in `include/prices.json`, with their date and source. They are list prices of one region without free tier
or discounts. Batch jobs of `batch_recommendations` are recorded by themselves (`encore.batch_costs`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from encore.config import INCLUDE, include_folder
from encore.config.recipes import BATCH_COLUMNS, PRICED_BY_INTERACTION
from encore.text_tables import as_markdown, as_text

PRICES_FILE = "prices.json"  # in `include/`
COLUMNS = ("what", "quantity", "price", "USD")
HOURS_A_DAY = 24
GB = 1e9


@dataclass(frozen=True)
class Prices:
    """The price list, in USD. `as_of`: the day on which `source` was last known to say this.

    The recipes of the second version are priced by interactions trained on and by requests answered: their TPS-hour is
    3,600 requests, as the service bills the provisioned minimum even if nobody asks.
    """

    as_of: str
    source: str
    region: str
    ingested_gb: float
    training_hour: float
    training_thousand_interactions: float
    campaign_tps_hour: float
    campaign_tps_hour_v2: float
    batch_thousand: float
    batch_thousand_v2: float

    def batch(self, recipe: str) -> float:
        """A thousand lines answered by a batch job."""
        return self.batch_thousand_v2 if recipe in PRICED_BY_INTERACTION else self.batch_thousand

    def tps_hour(self, recipe: str) -> float:
        return self.campaign_tps_hour_v2 if recipe in PRICED_BY_INTERACTION else self.campaign_tps_hour

    @classmethod
    def load(cls, file: Path | None = None) -> Prices:
        """The list of a file; default: `prices.json` of the include folder that counts, else the one that ships."""
        own = include_folder() / PRICES_FILE
        listed = file or (own if own.exists() else INCLUDE / PRICES_FILE)
        return cls(**json.loads(listed.read_text()))


@dataclass(frozen=True)
class Training:
    """One training: hours are None before it, and where the price does not count them.

    :param compared: lines that batch jobs answer to compare it with the live version
    """

    solution: str
    recipe: str
    hours: float | None
    tps: int = 1
    compared: int = 0


@dataclass(frozen=True)
class Item:
    """One line of an estimate. `usd` is None where the quantity is not known yet."""

    what: str
    quantity: str
    price: str
    usd: float | None


@dataclass(frozen=True)
class Estimate:
    """What a run costs, with the lines that make it up."""

    items: Sequence[Item]
    as_of: str

    @property
    def usd(self) -> float:
        return sum(item.usd or 0.0 for item in self.items)

    @property
    def unknown(self) -> list[str]:
        return [item.what for item in self.items if item.usd is None]

    def rows(self) -> list[tuple[str, ...]]:
        lines = [
            (item.what, item.quantity, item.price, "?" if item.usd is None else f"{item.usd:.2f}")
            for item in self.items
        ]
        total = f"{self.usd:.2f}" + (" + ?" if self.unknown else "")
        return [*lines, ("together", "", f"prices as of: {self.as_of}", total)]

    def as_text(self) -> str:
        return as_text(COLUMNS, self.rows())

    def as_json(self) -> dict[str, Any]:
        return {
            "usd": round(self.usd, 4),
            "as_of": self.as_of,
            "unknown": self.unknown,
            "text": self.as_text(),
            "markdown": as_markdown(COLUMNS, self.rows()),
            "items": [vars(item) for item in self.items],
        }


def estimate(
    prices: Prices, bytes_imported: int, interactions: int, trainings: Sequence[Training]
) -> Estimate:
    """The cost of importing so many bytes, these trainings, and a day of their campaigns' provisioned throughput."""
    items = [_priced("data ingested", bytes_imported / GB, "GB", prices.ingested_gb)]
    for training in trainings:
        what = f"training {training.solution}"
        if training.recipe in PRICED_BY_INTERACTION:
            price = prices.training_thousand_interactions
            items.append(_priced(what, interactions / 1000, "thousand interactions", price))
        else:
            items.append(_priced(what, training.hours, "training hours", prices.training_hour))
        if training.compared:
            price = prices.batch(training.recipe)
            items.append(
                _priced(
                    f"comparison {training.solution}", training.compared / 1000, "thousand answers", price
                )
            )
    items += [campaign_day(prices, training) for training in trainings if training.tps]
    return Estimate(items, prices.as_of)


def compared_lines(recipe: str, users: int, versions: int) -> int:
    """How many lines batch jobs answer to compare so many versions of a recipe; none if it takes no batch jobs."""
    return users * versions if recipe in BATCH_COLUMNS else 0


def campaign_day(prices: Prices, training: Training) -> Item:
    """A day of the provisioned throughput of a solution's campaign, whatever number of runs the day has."""
    what, price = f"campaign {training.solution}, a day", prices.tps_hour(training.recipe)
    return _priced(what, float(training.tps * HOURS_A_DAY), "TPS-hours", price)


def spent(past: Sequence[Mapping[str, Any]]) -> float:
    """What recorded runs have cost together, in USD; a day of a campaign counts once, not once a run."""
    days = {
        (row["solution"], row["recorded_at"].date()): row.get("campaign_usd_a_day") or 0.0 for row in past
    }
    return sum(row["cost_usd"] or 0.0 for row in past) + sum(days.values())


@dataclass(frozen=True)
class MonthCost:
    """What a month has cost so far, in USD: its runs, the throughput of campaigns, day by day, and batch jobs."""

    runs: float
    campaigns: float
    batch: float = 0.0

    @property
    def usd(self) -> float:
        return self.runs + self.campaigns + self.batch


def of_month(
    past: Sequence[Mapping[str, Any]], today: date, batch: Sequence[Mapping[str, Any]] = ()
) -> MonthCost:
    """The cost of the month of `today`, this day included.

    A campaign costs every day from its solution's first promotion on, whether a run touches it or not.

    :param past: the history, oldest first
    :param batch: what `encore.batch_costs` has recorded
    """
    first = today.replace(day=1)
    runs = sum(row["cost_usd"] or 0.0 for row in past if first <= row["recorded_at"].date() <= today)
    begun: dict[str, date] = {}
    daily: dict[str, float] = {}
    for row in past:
        if row["outcome"] == "promoted":
            begun.setdefault(row["solution"], row["recorded_at"].date())
        daily[row["solution"]] = row.get("campaign_usd_a_day") or daily.get(row["solution"], 0.0)
    campaigns = sum(daily[name] * ((today - max(first, day)).days + 1) for name, day in begun.items())
    jobs = sum(row["usd"] or 0.0 for row in batch if first <= row["recorded_at"].date() <= today)
    return MonthCost(runs, campaigns, jobs)


def usual_hours(past: Sequence[Mapping[str, Any]], solution: str) -> float | None:
    """The training hours of a solution's last recorded version; None if none was recorded."""
    hours = [
        row["training_hours"]
        for row in past
        if row["solution"] == solution and row.get("training_hours") is not None
    ]
    return float(hours[-1]) if hours else None


def _priced(what: str, quantity: float | None, unit: str, price: float) -> Item:
    amount = f"? {unit}" if quantity is None else f"{quantity:.4g} {unit}"
    return Item(
        what, amount, f"{price:g} a {unit.rstrip('s')}", None if quantity is None else quantity * price
    )
