"""What should be true, by a list of its own: the rows that were written, the versions that went live.

Nothing here is read from the product, and nothing of Encore's code is used: the queries of `include/sql` are said
again in a few lines of Python, of rows that this file has made up itself.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

KINDS = ("view", "view", "view", "view", "cart", "purchase")
CATEGORIES = ("lighting", "kitchen", "textiles", "desk")
SEGMENTS = ("new", "regular", "loyal")
FIRST_EVENTS, FIRST_DAYS = 1_800, 12
FIRST_USERS, FIRST_ITEMS = 150, 60
EVENTS, NEW_USERS, NEW_ITEMS = 150, 3, 1
Row = tuple[str, ...]


@dataclass(frozen=True)
class Event:
    """A row of the table `events`; a double click is two rows that differ in `id` alone."""

    id: int
    user: int | None
    item: int | None
    kind: str
    second: int

    @property
    def day(self) -> date:
        return datetime.fromtimestamp(self.second, UTC).date()

    @property
    def is_sound(self) -> bool:
        """Visitors who never signed in, and products whose id got lost, are in no dataset."""
        return self.user is not None and self.item is not None


@dataclass(frozen=True)
class Item:
    """A row of the table `products`."""

    id: int
    category: str


@dataclass
class Shop:
    """All rows of the product database, and the events that the application has put.

    :param first: the first day that has events
    :ivar sent: events that went to the service, as rows of the dataset; `acknowledged` those that it has answered
    """

    seed: int
    first: date
    users: dict[int, str] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    sent: list[Row] = field(default_factory=list)
    acknowledged: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def history(self) -> list[Event]:
        """The days before the month: enough for a training."""
        self.add_users(FIRST_USERS)
        self.add_items(FIRST_ITEMS)
        days = [self.first + timedelta(days=number) for number in range(FIRST_DAYS)]
        return [event for day in days for event in self.events_of(day, FIRST_EVENTS // FIRST_DAYS)]

    def add_users(self, count: int) -> list[int]:
        """New customers; returns their ids."""
        ids = range(len(self.users) + 1, len(self.users) + count + 1)
        self.users |= {number: self._random.choice(SEGMENTS) for number in ids}
        return list(ids)

    def add_items(self, count: int) -> list[Item]:
        """New products."""
        ids = range(len(self.items) + 1, len(self.items) + count + 1)
        made = [Item(number, self._random.choice(CATEGORIES)) for number in ids]
        self.items |= {item.id: item for item in made}
        return made

    def events_of(self, day: date, count: int) -> list[Event]:
        """So many new rows of a day, of which few are no sound events."""
        midnight = int(datetime.combine(day, time(), UTC).timestamp())
        users, items = list(self.users), list(self.items)
        popularity = [1 / (5 + number) for number in range(len(items))]
        made: list[Event] = []
        for number in range(count):
            user: int | None = self._random.choice(users)
            item: int | None = self._random.choices(items, popularity)[0]
            second = midnight + self._random.randrange(86_400)
            kind = self._random.choice(KINDS)
            if number % 50 == 10:
                user = None
            if number == 20 and count >= EVENTS:  # of few rows one would be more than a day may reject
                item = None
            made.append(Event(len(self.events) + 1 + len(made), user, item, kind, second))
        clicked = [
            Event(len(self.events) + len(made) + 1 + number, e.user, e.item, e.kind, e.second)
            for number, e in enumerate(made[:2])
        ]
        self.events += made + clicked
        return made + clicked

    def interactions(self, until: date) -> Counter[Row]:
        """The rows that the dataset of interactions has for certain, once all days up to that one are exported."""
        rows = {
            (str(event.user), str(event.item), event.kind, str(event.second))
            for event in self.events
            if event.is_sound and event.day <= until
        }
        return Counter(rows) + Counter(self.acknowledged)

    def user_rows(self) -> Counter[Row]:
        """The rows of the dataset of users."""
        return Counter((str(number), segment) for number, segment in self.users.items())

    def item_rows(self) -> Counter[Row]:
        """The rows of the dataset of items."""
        return Counter((str(item.id), item.category) for item in self.items.values())


def difference(
    expected: Counter[Row], found: Iterable[Row], unsure: Counter[Row] | None = None
) -> str | None:
    """What is missing and what is there too often, in a sentence; None if nothing.

    :param unsure: what may be there besides
    """
    actual = Counter(found)
    missing, surplus = expected - actual, actual - expected - (unsure or Counter())
    if not missing and not surplus:
        return None
    return (
        f"{sum(missing.values())} rows are missing (e.g. {list(missing)[:2]}), "
        f"{sum(surplus.values())} are too many (e.g. {list(surplus)[:2]})"
    )
