"""A generated shop: customers with tastes, products that come and go, and sixty days of sessions.

Everything is drawn from one seeded generator, so the same size and seed give the same shop; only the
calendar moves, so that the last full day of events is always yesterday. What a recommender can find in it:
a session keeps to one category, a customer to a few, products of one line follow each other, customers come back to
what they set their heart on, popularity drifts, and one product in seven appears while the sixty days run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from demo.product_database import ProductTables

MATERIALS = ["Walnut", "Linen", "Copper", "Cedar", "Wool", "Slate", "Bamboo", "Glass", "Cork", "Leather"]
STYLES = ["Nordic", "Compact", "Vintage", "Travel", "Studio", "Garden", "Harbour", "Alpine", "Metro", "Atlas"]
GOODS = {
    "lighting": ["Lamp", "Lantern", "Pendant"],
    "kitchen": ["Kettle", "Pan", "Grinder"],
    "textiles": ["Throw", "Cushion", "Curtain"],
    "desk": ["Organiser", "Notebook", "Pen Tray"],
    "bath": ["Towel", "Soap Dish", "Mirror"],
    "outdoor": ["Hammock", "Fire Bowl", "Planter"],
    "audio": ["Speaker", "Turntable", "Headphones"],
    "toys": ["Puzzle", "Blocks", "Kite"],
    "sports": ["Mat", "Bottle", "Rope"],
    "storage": ["Basket", "Crate", "Shelf"],
    "pets": ["Bed", "Bowl", "Leash"],
    "baking": ["Tin", "Rolling Pin", "Scale"],
}
CATEGORIES = list(GOODS)
REGIONS = ["north", "south", "east", "west", "islands"]
SEGMENTS = ["new", "regular", "loyal"]
KINDS = np.array(["view", "cart", "purchase"])
MAX_SESSION_LENGTH = 12
WISHES = 3  # products that a customer comes back to, of the categories that the customer likes


@dataclass(frozen=True)
class ShopSize:
    """How big a shop to generate; `days` is the length of its history."""

    customers: int = 5_200
    products: int = 2_100
    events: int = 212_000
    days: int = 60


def generate(size: ShopSize = ShopSize(), seed: int = 7, last_day: datetime | None = None) -> ProductTables:
    """Draw a shop whose events end with `last_day` (default: yesterday, UTC)."""
    rng = np.random.default_rng(seed)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    end = last_day + timedelta(days=1) if last_day else today
    start = end - timedelta(days=size.days)
    catalogue = _Catalogue(rng, size)
    customers = _customers(rng, size, start)
    taste = _taste(rng, size)
    events = _dirty(rng, _events(rng, size, catalogue, taste, start), size)
    return ProductTables(customers=customers, products=catalogue.table(rng, start), events=events)


@dataclass(frozen=True)
class Tastes:
    """What nobody but the shop's maker knows.

    :param by_category: how much each customer likes each category, [customers, categories], rows sum to one
    :param category: of each product, [products]
    """

    by_category: np.ndarray
    category: np.ndarray

    def liking(self, customer: int, product: int) -> float:
        """From 0 to 1, by the ids of a customer and of a product; products that are gone are liked by nobody."""
        if not 1 <= product <= len(self.category):
            return 0.0
        return float(self.by_category[customer - 1, self.category[product - 1]])


def hidden_tastes(size: ShopSize = ShopSize(), seed: int = 7) -> Tastes:
    """The tastes behind the shop that `generate` draws of the same size and seed."""
    rng = np.random.default_rng(seed)
    catalogue = _Catalogue(rng, size)
    _customers(rng, size, datetime(2026, 1, 1, tzinfo=UTC))  # draws as many numbers as it does there
    return Tastes(_taste(rng, size), catalogue.category)


class _Catalogue:
    """Products sorted by category; a line of three to six products follows one another inside it."""

    def __init__(self, rng: np.random.Generator, size: ShopSize) -> None:
        count = size.products
        self.category = np.sort(rng.integers(0, len(CATEGORIES), count))
        self.bounds = np.searchsorted(self.category, np.arange(len(CATEGORIES) + 1))
        self.appears = np.where(rng.random(count) < 0.14, rng.uniform(0.1, 0.95, count) * size.days, -1.0)
        self.weight = rng.permutation(1.0 / (np.arange(count) + 12.0) ** 0.75)
        self.peak = rng.uniform(-20, size.days + 20, count)  # the day at which the product is in fashion
        self.size = size

    def draw(self, rng: np.random.Generator, category: np.ndarray, day: np.ndarray) -> np.ndarray:
        """One product index for each (category, day), by popularity on that day, none before it appears."""
        products = np.empty(len(category), dtype=np.int64)
        for band in range(0, self.size.days, 5):
            fashion = np.exp(-0.5 * ((band - self.peak) / 25.0) ** 2) + 0.35
            weight = self.weight * fashion * (self.appears <= band)
            for index in range(len(CATEGORIES)):
                rows = np.flatnonzero((category == index) & (day >= band) & (day < band + 5))
                low, high = self.bounds[index], self.bounds[index + 1]
                if len(rows) and high > low:
                    cumulative = np.cumsum(weight[low:high])
                    draws = rng.random(len(rows)) * cumulative[-1]
                    products[rows] = low + np.searchsorted(cumulative, draws).clip(max=high - low - 1)
        return products

    def follow(self, product: np.ndarray, day: np.ndarray) -> np.ndarray:
        """The next product of the same line; the product itself where the line ends or is not out yet."""
        following = np.minimum(product + 1, len(self.category) - 1)
        same = (self.category[following] == self.category[product]) & (following % 5 != 0)
        return np.where(same & (self.appears[following] <= day), following, product)

    def table(self, rng: np.random.Generator, start: datetime) -> pd.DataFrame:
        count = len(self.category)
        names = [CATEGORIES[c] for c in self.category]
        second = rng.integers(0, len(CATEGORIES), count)
        categories = [
            [name] if rng.random() < 0.7 or CATEGORIES[other] == name else [name, CATEGORIES[other]]
            for name, other in zip(names, second, strict=True)
        ]
        for index in rng.choice(count, 1 + count // 1_000, replace=False):
            categories[index] = []  # a product nobody filed: real tables have some
        titles = [
            f"{STYLES[rng.integers(10)]} {MATERIALS[rng.integers(10)]} {GOODS[name][rng.integers(3)]} {i + 1}"
            for i, name in enumerate(names)
        ]
        published = np.where(self.appears >= 0, self.appears, -rng.uniform(1, 700, count))
        times = pd.to_datetime(start) + pd.to_timedelta(published, unit="D")
        return pd.DataFrame(
            {
                "id": np.arange(1, count + 1),
                "title": titles,
                "categories": categories,
                "price": np.round(rng.lognormal(3.3, 0.7, count), 2),
                "wishlist_count": _with_nulls(rng, rng.poisson(self.weight * 900), 0.02, "Int64"),
                "published_at": _with_nulls(rng, times.floor("s"), 0.01, "datetime64[s, UTC]"),
            }
        )


def _customers(rng: np.random.Generator, size: ShopSize, start: datetime) -> pd.DataFrame:
    count = size.customers
    born = pd.Timestamp(1950, 1, 1) + pd.to_timedelta(rng.integers(0, 56 * 365, count), unit="D")
    registered = pd.to_datetime(start) - pd.to_timedelta(rng.uniform(0, 900, count), unit="D")
    return pd.DataFrame(
        {
            "id": np.arange(1, count + 1),
            "name": [f"Customer {i}" for i in range(1, count + 1)],
            "born": _with_nulls(rng, born.date, 0.15, "object"),
            "gender": _with_nulls(rng, rng.choice(["female", "male", "other"], count), 0.10, "object"),
            "region": _with_nulls(rng, rng.choice(REGIONS, count), 0.05, "object"),
            "segment": rng.choice(SEGMENTS, count, p=[0.3, 0.5, 0.2]),
            "registered_at": registered.floor("s"),
        }
    )


def _taste(rng: np.random.Generator, size: ShopSize) -> np.ndarray:
    return rng.dirichlet(np.full(len(CATEGORIES), 0.25), size.customers)


def _events(
    rng: np.random.Generator, size: ShopSize, catalogue: _Catalogue, taste: np.ndarray, start: datetime
) -> pd.DataFrame:
    lengths = 2 + rng.poisson(1.5, size.events // 2).clip(max=MAX_SESSION_LENGTH - 2)
    sessions = int(np.searchsorted(np.cumsum(lengths), size.events)) + 1
    lengths = lengths[:sessions]
    activity = rng.lognormal(0, 0.9, size.customers)
    customer = np.concatenate(
        [
            np.arange(size.customers).repeat(2)[:sessions],  # everybody comes at least twice
            rng.choice(size.customers, max(0, sessions - 2 * size.customers), p=activity / activity.sum()),
        ]
    )
    day = rng.uniform(0, size.days, sessions)
    hour_of_day = rng.normal(19, 3.5, sessions) % 24
    begins = (np.floor(day) * 86_400 + hour_of_day * 3_600).astype(np.int64)
    focus = _categories(rng, taste[customer])
    wishes = catalogue.draw(
        rng, _categories(rng, np.repeat(taste, WISHES, axis=0)), np.zeros(size.customers * WISHES)
    )
    wishes = wishes.reshape(size.customers, WISHES)
    product = catalogue.draw(rng, focus, day)
    clock = begins.copy()
    columns: list[np.ndarray] = []
    for position in range(MAX_SESSION_LENGTH):
        alive = np.flatnonzero(lengths > position)
        if position:
            follows = rng.random(len(alive)) < 0.3
            fresh = catalogue.draw(rng, focus[alive], day[alive])
            product[alive] = np.where(follows, catalogue.follow(product[alive], day[alive]), fresh)
            clock[alive] += rng.integers(15, 420, len(alive))
        wished = alive[rng.random(len(alive)) < 0.15]
        product[wished] = wishes[customer[wished], rng.integers(0, WISHES, len(wished))]
        kind = rng.choice(3, len(alive), p=[0.82, 0.12, 0.06])
        columns.append(np.stack([customer[alive] + 1, product[alive] + 1, kind, clock[alive]]))
    table = np.concatenate(columns, axis=1)
    table = table[:, np.argsort(table[3], kind="stable")]
    table[3] = np.minimum(table[3], size.days * 86_400 - 1)
    return pd.DataFrame(
        {
            "id": np.arange(1, table.shape[1] + 1),
            "customer_id": pd.array(table[0], dtype="Int64"),
            "product_id": pd.array(table[1], dtype="Int64"),
            "kind": KINDS[table[2]],
            "stars": pd.array([None] * table.shape[1], dtype="Int64"),
            "happened_at": pd.to_datetime(start) + pd.to_timedelta(table[3], unit="s"),
        }
    )


def _categories(rng: np.random.Generator, taste: np.ndarray) -> np.ndarray:
    """A category (int64 [rows]) for each row of tastes."""
    return np.asarray((taste.cumsum(axis=1) > rng.random((len(taste), 1))).argmax(axis=1))


def _dirty(rng: np.random.Generator, events: pd.DataFrame, size: ShopSize) -> pd.DataFrame:
    """Visitors who never signed in, rows written twice, products that are gone, and ids that got lost."""
    roll = rng.random(len(events))
    events.loc[roll < 0.010, "customer_id"] = pd.NA
    events.loc[(roll >= 0.010) & (roll < 0.011), "product_id"] = size.products + 999
    events.loc[(roll >= 0.011) & (roll < 0.0115), "product_id"] = pd.NA
    twice = events[(roll >= 0.02) & (roll < 0.022)]
    events = pd.concat([events, twice], ignore_index=True)
    events["id"] = np.arange(1, len(events) + 1)
    return events


def _with_nulls(rng: np.random.Generator, values: object, share: float, dtype: str) -> pd.Series:
    series = pd.Series(values).astype(dtype)
    return series.mask(rng.random(len(series)) < share)
