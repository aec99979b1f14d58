"""Days of a shop through a real Airflow: rows are written, something goes wrong, and runs that failed are mended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
from psycopg2.extras import execute_values

from demo.product_database import TABLES_SQL
from tests.end_to_end.pipeline_stack import RETRAIN, SHOP, datasets
from tests.resilience.application import Application
from tests.resilience.faults.base import ROWS, Fault
from tests.resilience.model import (
    EVENTS,
    FIRST_DAYS,
    FIRST_USERS,
    NEW_ITEMS,
    NEW_USERS,
    Event,
    Item,
    Shop,
)
from tests.resilience.observation import ENDED, Observation, Run
from tests.resilience.stack import ResilienceStack

RUN_SECONDS = 900


class Month:
    """A month of one shop.

    :ivar today: the simulated day; all days are over by the clock, the last one ended at midnight
    :ivar runs: runs of today
    :ivar promoted: the versions that have gone live, in their order
    :ivar problems: what was wrong with the reasons of runs that failed and were mended
    """

    EXPORT, ROLLBACK, SOLUTION = "export_interactions", "rollback_campaign", "popular"

    def __init__(self, stack: ResilienceStack, seed: int, days: int) -> None:
        self.stack, self.observation = stack, Observation(stack)
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        self.shop = Shop(seed, yesterday - timedelta(days=FIRST_DAYS + days - 1))
        self.application: Application | None = None
        self.reasons: Callable[[Run], Iterable[str]] = lambda run: ()
        self.problems: list[str] = []
        self.promoted: list[str] = []
        self.today = self.shop.first + timedelta(days=FIRST_DAYS - 1)
        self.runs: list[Run] = []
        self.faults: Sequence[Fault] = ()
        self.events_of_today = EVENTS

    def begin(self) -> None:
        """Write the days before the month, and export them."""
        self.stack.sql(TABLES_SQL.read_text())
        self.write(self.shop.history(), list(self.shop.users), list(self.shop.items.values()))
        first, last = str(self.shop.first), str(self.today)
        run = self.wait(self.start(self.EXPORT, {"from_date": first, "to_date": last}))
        assert run.state == "success", run

    def day(self, faults: Sequence[Fault] = ()) -> None:
        """A day's rows, its two runs as a schedule would start them, and what a person does about those that fail."""
        self.today += timedelta(days=1)
        self.runs, self.faults, self.events_of_today = [], faults, EVENTS
        users, items = self.shop.add_users(NEW_USERS), self.shop.add_items(NEW_ITEMS)
        self.write((), users, items)
        by_order = sorted(faults, key=lambda fault: fault.order)
        for fault in by_order:
            if fault.order == ROWS:
                fault.inject(self)
        if self.events_of_today:
            self.write(self.shop.events_of(self.today, self.events_of_today))
        for fault in by_order:
            if fault.order != ROWS:
                fault.inject(self)
        self.mend(self.wait(self.start_export()))
        self.mend(self.wait(self.start_retraining()))
        for run in [run for run in self.runs if run.state not in ENDED]:  # what a person has started beside
            self.mend(self.wait(run))
        self.heal()
        for fault in faults:
            fault.finish(self)
        if self.application is None:
            self.application = self._open()

    def application_problems(self) -> list[str]:
        """What was wrong with the campaign's answers since it was asked last."""
        assert self.application is not None
        problems, self.application.problems = self.application.problems, []
        return problems[:3]

    def close(self) -> None:
        if self.application:
            self.application.stop()

    def _open(self) -> Application:
        return Application(
            self.stack.aws("personalize-runtime"),
            self.observation.campaign()["campaignArn"],
            self.stack.behind_the_network("personalize-events"),
            self.observation.tracking_id(),
            FIRST_USERS,
            self.shop,
        )

    def start_export(self) -> Run:
        midnight = datetime(self.today.year, self.today.month, self.today.day, tzinfo=UTC)
        end = midnight + timedelta(days=1)
        interval = {"data_interval_start": midnight.isoformat(), "data_interval_end": end.isoformat()}
        return self.start(self.EXPORT, {}, **interval)

    def start_retraining(self, **choices: str) -> Run:
        return self.start(RETRAIN, {"history": "exported", **choices})

    def start(self, dag_id: str, params: dict[str, Any], **fields: Any) -> Run:
        run = Run(dag_id, self.stack.start_run(dag_id, params, **fields))
        self.runs.append(run)
        return run

    def wait(self, run: Run) -> Run:
        """Until a run is over; meanwhile faults do their work."""
        deadline = time.monotonic() + RUN_SECONDS
        while True:
            self.stack.stack.check()
            run.state = self.observation.state(run)
            if run.state in ENDED or not all(fault.has_happened for fault in self.faults):
                run.tasks = self.observation.tasks(run)
            if run.state in ENDED:
                return run
            for fault in self.faults:
                fault.step(self, run)
            assert time.monotonic() < deadline, f"not over: {run}"
            time.sleep(1)

    def mend(self, run: Run) -> Run:
        """What a person does who has read the message: see to the reason, and clear."""
        if run.state == "success":
            if run.is_cut and not run.is_done("solution.train[0]"):  # the message: trigger it again
                return self.wait(self.start_retraining())
            return run
        self.problems += self.reasons(run)
        self.heal()
        if "data_gate" in run.failed_tasks:  # the message: trigger with Unusual data `warn`
            return self.wait(self.start_retraining(data_gate="warn"))
        self.clear(run)
        return self.wait(run)

    def heal(self) -> None:
        """The other way round than it was injected: a column is named back once the database answers."""
        for fault in sorted(self.faults, key=lambda fault: fault.order, reverse=True):
            fault.heal(self)

    @contextmanager
    def without_service(self) -> Iterator[None]:
        """Meanwhile nobody expects the campaign to answer."""
        with self.application.excused() if self.application else nullcontext():
            yield

    def clear(self, run: Run) -> None:
        """A click on Clear of the failed tasks."""
        choices = {"dag_run_id": run.run_id, "only_failed": True, "include_downstream": True}
        self.stack.clear(run.dag_id, choices)
        run.state, run.is_cleared = "queued", True

    def write(self, events: Sequence[Event], users: Sequence[int] = (), items: Sequence[Item] = ()) -> None:
        """Rows of the model into the product database."""
        registered = datetime(2025, 1, 1, tzinfo=UTC)
        customers = [(number, f"Customer {number}", self.shop.users[number], registered) for number in users]
        products = [(item.id, f"Product {item.id}", [item.category]) for item in items]
        rows = [
            (event.id, event.user, event.item, event.kind, datetime.fromtimestamp(event.second, UTC))
            for event in events
        ]
        with psycopg2.connect(self.stack.database) as connection, connection.cursor() as cursor:
            for table, columns, values in (
                ("customers", "id, name, segment, registered_at", customers),
                ("products", "id, title, categories", products),
                ("events", "id, customer_id, product_id, kind, happened_at", rows),
            ):
                if values:
                    execute_values(cursor, f"INSERT INTO {table} ({columns}) VALUES %s", values)  # noqa: S608
        connection.close()


PIPELINE: dict[str, Any] = {
    "dataset_groups": [
        {
            **SHOP,
            "datasets": datasets("interactions", "users", "items"),
            "event_tracker": {},
            "solutions": [{"name": Month.SOLUTION, "recipe": "aws-popularity-count"}],
            # The month is over: by the clock its newest interaction may be weeks old.
            "data_gate": {"max_age_hours": None},
            "notify": [{"type": "slack"}],
        }
    ]
}
