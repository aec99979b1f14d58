"""What a run costs on AWS: estimated before it from the data's size, computed after it from what the service did.

Prices are in `include/prices.json`, with their date and source. They are list prices of one region without free tier
or discounts. A price that is null there is not known: what it is asked for says so, and never costs 0. Batch jobs of
`batch_recommendations` are recorded by themselves (`encore.batch_costs`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from encore.config import INCLUDE, include_folder
from encore.config.recipes import BATCH_COLUMNS, PRICED_BY_INTERACTION, WITHOUT_CAMPAIGN
from encore.config.recommenders import is_use_case
from encore.text_tables import as_markdown, as_text

PRICES_FILE = "prices.json"  # in `include/`
COLUMNS = ("what", "quantity", "price", "USD")
HOURS_A_DAY = 24
UNKNOWN_PRICE = "price unknown"
GB = 1e9


@dataclass(frozen=True)
class Prices:
    """The price list, in USD. `as_of`: the day on which `source` was last known to say this.

    The recipes of the second version are priced by interactions trained on and by requests answered: their TPS-hour is
    3,600 requests, as the service bills the provisioned minimum even if nobody asks.

    :param recommender_hour: of a domain recommender that is not stopped; it depends on the users of the dataset group
    :param recommender_rps_hour: of each request a second that a recommender is provisioned for beyond the first
    :param segment_thousand_users: a thousand users of the dataset, for each segment that a batch job makes of them
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
    recommender_hour: float | None = None
    recommender_rps_hour: float | None = None
    segment_thousand_users: float | None = None

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
    """One line of an estimate. `usd` is None where the quantity is not known yet, or the price."""

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
        items.append(training_item(prices, training, interactions))
        if training.compared:
            price = prices.batch(training.recipe)
            items.append(
                _priced(
                    f"comparison {training.solution}", training.compared / 1000, "thousand answers", price
                )
            )
    items += [campaign_day(prices, training) for training in trainings if training.tps]
    return Estimate(items, prices.as_of)


def training_item(prices: Prices, training: Training, interactions: int | None) -> Item:
    """One training, by its hours or by the interactions that it sees, as its recipe is priced."""
    what = f"training {training.solution}"
    if training.recipe in PRICED_BY_INTERACTION:
        thousands = None if interactions is None else interactions / 1000
        return _priced(what, thousands, "thousand interactions", prices.training_thousand_interactions)
    return _priced(what, training.hours, "training hours", prices.training_hour)


def batch_item(prices: Prices, job: str, recipe: str, lines: int, users: int | None) -> Item:
    """What a batch job answers: so many lines, or of segments every user for each line.

    :param users: of the dataset; None where nobody knows yet
    """
    what = f"batch job {job}"
    if recipe not in WITHOUT_CAMPAIGN:
        return _priced(what, lines / 1000, "thousand answers", prices.batch(recipe))
    thousands = None if users is None else lines * users / 1000
    return _priced(what, thousands, "thousand users in segments", prices.segment_thousand_users)


def recommender_day(prices: Prices, name: str, requests_per_second: int) -> Item:
    """A day of a recommender that is not stopped, and of what it is provisioned for."""
    parts = _recommender_hour(requests_per_second).items()
    unknown = missing_prices(prices, requests_per_second)
    hour = None if unknown else sum(times * getattr(prices, price) for price, times in parts)
    return _priced(f"recommender {name}, a day", float(HOURS_A_DAY), "hours", hour)


def missing_prices(prices: Prices, requests_per_second: int) -> list[str]:
    """The entries of the price list that a recommender's price needs and that are null."""
    return [price for price in _recommender_hour(requests_per_second) if getattr(prices, price) is None]


def _recommender_hour(requests_per_second: int) -> dict[str, int]:
    """The entries of the price list that an hour of a recommender is paid by, and how many of each."""
    further = requests_per_second - 1
    return {"recommender_hour": 1, **({"recommender_rps_hour": further} if further else {})}


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
    """What a month has cost so far, in USD: its runs, what campaigns and recommenders cost day by day, and batch jobs.

    :param unknown: what costs as well, without a price that is known
    """

    runs: float
    campaigns: float
    batch: float = 0.0
    unknown: Sequence[str] = ()

    @property
    def usd(self) -> float:
        return self.runs + self.campaigns + self.batch


def of_month(
    past: Sequence[Mapping[str, Any]], today: date, batch: Sequence[Mapping[str, Any]] = ()
) -> MonthCost:
    """The cost of the month of `today`, this day included.

    A campaign costs every day from its solution's first promotion on, whether a run touches it or not; a recommender
    every day until a run has stopped it.

    :param past: the history, oldest first
    :param batch: what `encore.batch_costs` has recorded
    """
    first = today.replace(day=1)
    runs = sum(row["cost_usd"] or 0.0 for row in past if first <= row["recorded_at"].date() <= today)
    daily: dict[str, dict[date, float]] = {}
    for row in past:
        name, usd = row["solution"], row.get("campaign_usd_a_day")
        if row["outcome"] == "promoted" or name in daily:
            rates = daily.setdefault(name, {})
            newest = next(reversed(rates.values()), 0.0)
            rates[row["recorded_at"].date()] = newest if usd is None else usd
    campaigns = sum(_days_cost(rates, first, today) for rates in daily.values())
    recorded = [row for row in batch if first <= row["recorded_at"].date() <= today]
    jobs = sum(row["usd"] or 0.0 for row in recorded)
    return MonthCost(runs, campaigns, jobs, without_price(past, recorded))


def without_price(past: Sequence[Mapping[str, Any]], batch: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of what costs and has no price in the list: recommenders as last recorded, and batch jobs."""
    newest = {row["solution"]: row for row in past if is_use_case(row.get("recipe"))}
    names = {name for name, row in newest.items() if row.get("campaign_usd_a_day") is None}
    return sorted(names | {row["job"] for row in batch if row["usd"] is None or row.get("unknown")})


def _days_cost(rates: Mapping[date, float], first: date, today: date) -> float:
    """From the first day with a rate until `today`, each day at the rate of the newest row by then.

    :param rates: by the day from which they hold, oldest first
    """
    ends = [*list(rates)[1:], today + timedelta(days=1)]
    spans = (
        (max(begin, first), min(end, ends[-1]), usd)
        for (begin, usd), end in zip(rates.items(), ends, strict=True)
    )
    return sum(max((end - begin).days, 0) * usd for begin, end, usd in spans)


def last_rows(past: Sequence[Mapping[str, Any]], dataset: str) -> int | None:
    """How many rows of a dataset were imported last; None if that was not recorded."""
    rows = [row["rows"][dataset] for row in past if (row.get("rows") or {}).get(dataset) is not None]
    return int(rows[-1]) if rows else None


def usual_hours(past: Sequence[Mapping[str, Any]], solution: str) -> float | None:
    """The training hours of a solution's last recorded version; None if none was recorded."""
    hours = [
        row["training_hours"]
        for row in past
        if row["solution"] == solution and row.get("training_hours") is not None
    ]
    return float(hours[-1]) if hours else None


def _priced(what: str, quantity: float | None, unit: str, price: float | None) -> Item:
    amount = f"? {unit}" if quantity is None else f"{quantity:.4g} {unit}"
    rate = UNKNOWN_PRICE if price is None else f"{price:g} a {unit.rstrip('s')}"
    return Item(what, amount, rate, None if quantity is None or price is None else quantity * price)
