"""The product database, the network to the service and S3, the disk, the quotas, the clocks."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import psycopg2

from tests.resilience.faults.base import Fault, SuddenFault
from tests.support import faulty_proxy as network

if TYPE_CHECKING:
    from tests.resilience.month import Month
    from tests.resilience.observation import Run

SHARE_OF_REQUESTS = 0.12
LOCKED_SECONDS, QUOTA_SECONDS = 15, 12


class LastingFault(Fault):
    """Begins with the retraining, and ends when a person has heard of it."""

    has_happened = False

    def step(self, month: Month, run: Run) -> None:
        if run.dag_id != month.EXPORT and not self.has_happened:
            self.has_happened = True
            self.begin(month)

    def begin(self, month: Month) -> None:
        raise NotImplementedError


class DatabaseDown(LastingFault):
    """The product database is down."""

    place = "database"
    said = ("connection 'product_db'",)

    def begin(self, month: Month) -> None:
        month.stack.product.stop()

    def heal(self, month: Month) -> None:
        if month.stack.product.socket_directory is None:
            month.stack.product.start()


class DatabaseRestarted(SuddenFault):
    """The product database is stopped in the middle of a run, and there again seconds later."""

    place = "database"

    def strike(self, month: Month, run: Run) -> None:
        month.stack.product.stop()
        time.sleep(self.draw.uniform(0, 5))
        month.stack.product.start()


class DatabaseSlow(Fault):
    """Somebody's transaction keeps the tables locked: queries wait."""

    place = "database"

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self._connection: psycopg2.extensions.connection | None = None
        self._since = 0.0

    def step(self, month: Month, run: Run) -> None:
        if not self._since:
            self._connection, self._since = psycopg2.connect(month.stack.database), time.monotonic()
            self._connection.cursor().execute("LOCK TABLE events, customers IN ACCESS EXCLUSIVE MODE")
        elif time.monotonic() - self._since > LOCKED_SECONDS:
            self.heal(month)

    def heal(self, month: Month) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


class NetworkFault(Fault):
    """A share of all requests to the service and to S3 meets trouble of one kind."""

    place = "network"
    has_happened = False
    trouble: str

    def inject(self, month: Month) -> None:
        month.stack.network.plan = self._plan

    def heal(self, month: Month) -> None:
        month.stack.network.plan = lambda number, operation: None

    def _plan(self, number: int, operation: str) -> str | None:
        if self.draw.random() >= SHARE_OF_REQUESTS:
            return None
        self.has_happened = True
        return self.trouble


class Throttled(NetworkFault):
    """ThrottlingException of the service, SlowDown of S3."""

    trouble = network.THROTTLE


class ServerErrors(NetworkFault):
    """500 of the service and of S3."""

    trouble = network.FAIL


class LostRequests(NetworkFault):
    """The connection ends before the request has reached the service."""

    trouble = network.DROP_BEFORE


class LostAnswers(NetworkFault):
    """What was asked for is done, and the answer never comes."""

    trouble = network.DROP_AFTER


class SlowAnswers(NetworkFault):
    """Answers take seconds."""

    trouble = network.SLOW


class QuotaReached(NetworkFault):
    """Somebody else's imports and trainings take all places for a while."""

    trouble = network.LIMIT

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self._since = 0.0

    def _plan(self, number: int, operation: str) -> str | None:
        if operation not in ("CreateDatasetImportJob", "CreateSolutionVersion"):
            return None
        self.has_happened, self._since = True, self._since or time.monotonic()
        return self.trouble if time.monotonic() - self._since < QUOTA_SECONDS else None


class DiskFull(LastingFault):
    """The disk of the service and of S3 has no room."""

    place = "service"
    said = ("Free space on its disk and try again",)
    hides_history = True

    def begin(self, month: Month) -> None:
        month.stack.fill_disk()

    def heal(self, month: Month) -> None:
        if month.stack.disk_is_full:
            month.stack.free_disk()


class ClockJumps(SuddenFault):
    """The clock of the service, or of the workers, is set by minutes, and set right when the day is over.

    By less than what a signature may be off: beyond that every request is refused, and says so.
    """

    def strike(self, month: Month, run: Run) -> None:
        clock = month.stack.clocks[self.draw.choice(sorted(month.stack.clocks))]
        clock.set(self.draw.choice((-1, 1)) * self.draw.randint(30, 240))

    def heal(self, month: Month) -> None:
        for clock in month.stack.clocks.values():
            clock.set(0)
