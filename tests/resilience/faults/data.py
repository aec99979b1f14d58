"""Rows that come late, or in another number; tables that somebody has changed."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.resilience.faults.base import ROWS, Fault
from tests.resilience.model import EVENTS

if TYPE_CHECKING:
    from tests.resilience.month import Month


class LateRows(Fault):
    """Rows of yesterday are committed today: today's export writes yesterday again."""

    order = ROWS

    def inject(self, month: Month) -> None:
        month.write(month.shop.events_of(month.today - timedelta(days=1), self.draw.randint(1, 40)))


class VeryLateRows(Fault):
    """Rows of some days ago: a person exports their day once more, by the form."""

    order = ROWS

    def inject(self, month: Month) -> None:
        day = month.today - timedelta(days=self.draw.randint(2, 6))
        month.write(month.shop.events_of(day, self.draw.randint(1, 40)))
        run = month.wait(month.start(month.EXPORT, {"from_date": str(day), "to_date": str(day)}))
        assert run.state == "success", run


class NoEvents(Fault):
    """A day without a row: nothing is imported until a person says that this is right."""

    order = ROWS
    place = "rows of the day"
    said = ("data_gate",)

    def inject(self, month: Month) -> None:
        month.events_of_today = 0


class TenfoldDay(Fault):
    """Ten times as many rows as usual."""

    order = ROWS
    place = "rows of the day"

    def inject(self, month: Month) -> None:
        month.events_of_today = 10 * EVENTS


class ChangedTable(Fault):
    """Somebody has changed a table, and changes it back once its effect is known."""

    order = ROWS
    change: str
    back: str

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.is_changed = False

    def inject(self, month: Month) -> None:
        month.stack.sql(self.change)
        self.is_changed = True

    def heal(self, month: Month) -> None:
        if self.is_changed:
            month.stack.sql(self.back)
            self.is_changed = False


class ColumnAdded(ChangedTable):
    """A column that no query names."""

    change = "ALTER TABLE events ADD COLUMN referrer text DEFAULT 'none'"
    back = "ALTER TABLE events DROP COLUMN referrer"


class ColumnRenamed(ChangedTable):
    """A column that a query names has another name."""

    said = ("sql/users.sql", "segment")
    change = "ALTER TABLE customers RENAME COLUMN segment TO tier"
    back = "ALTER TABLE customers RENAME COLUMN tier TO segment"


class TypeChanged(ChangedTable):
    """A column's new type does not fit the query any more."""

    said = ("sql/items.sql",)
    change = "ALTER TABLE products ALTER COLUMN wishlist_count TYPE text"
    back = "ALTER TABLE products ALTER COLUMN wishlist_count TYPE integer USING wishlist_count::integer"


class IdsAreText(ChangedTable):
    """A column's new type fits: numbers have become text that says the same."""

    change = "ALTER TABLE events ALTER COLUMN product_id TYPE text"
    back = "ALTER TABLE events ALTER COLUMN product_id TYPE bigint USING product_id::bigint"
