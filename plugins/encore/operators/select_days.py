"""Which days a run exports, and when: not before the rows of the newest one have had their time to be committed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException
from airflow.utils.types import DagRunType

from encore.runs.export_days import days_to_export, in_tasks, partitions

if TYPE_CHECKING:
    from airflow.sdk import Context

#: Airflow takes a task for dead that is resumed before the process that deferred it has ended.
_SHORTEST_WAIT = timedelta(seconds=10)


class PersonalizeSelectDaysOperator(BaseOperator):
    """
    The partitions of a run's days: those that its form names, else its own day and some before it.

    A row can be stamped just before midnight and committed after it. So a run's own day is exported `settle_minutes`
    after its end (the wait is deferred), and again by the runs of the next `reexport_days` days. Days that a form
    names are exported at once, and a backfill's runs export their own day alone: there is a run for each.

    :param settle_minutes: minutes between the end of a run's own day and its export
    :param reexport_days: how many days before its own a run exports again
    :param in_lists: whether the partitions come in lists, one for each mapped export, or one by one
    :return: partitions as `SqlToPersonalizeDatasetOperator` takes them
    :raises AirflowFailException: for dates that do not go together, or a day that is not over
    """

    def __init__(
        self, *, settle_minutes: float = 0, reexport_days: int = 0, in_lists: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.settle_minutes, self.reexport_days, self.in_lists = settle_minutes, reexport_days, in_lists

    def execute(self, context: Context) -> list[Any]:
        selected = self._partitions(context)
        end = None if context["params"]["from_date"] else context.get("data_interval_end")
        moment = end and end + timedelta(minutes=self.settle_minutes)
        if moment and moment > (now := datetime.now(UTC)):
            self.log.info("The run's day is exported at %s, when late rows have had their time", moment)
            self.defer(
                trigger=DateTimeTrigger(moment=max(moment, now + _SHORTEST_WAIT)),
                method_name=self.execute_complete.__name__,
            )
        return selected

    def execute_complete(self, context: Context, event: Any) -> list[Any]:
        return self._partitions(context)

    def _partitions(self, context: Context) -> list[Any]:
        days = self._days(context)
        self.log.info("Exporting %s", ", ".join(day.isoformat() for day in days))
        return in_tasks(days) if self.in_lists else partitions(days)

    def _days(self, context: Context) -> list[date]:
        params: Mapping[str, Any] = context["params"]
        start, end = context.get("data_interval_start"), context.get("data_interval_end")
        is_backfill = context["dag_run"].run_type.value == DagRunType.BACKFILL_JOB.value
        if is_backfill and (params["from_date"] or params["to_date"]):
            raise AirflowFailException(
                "A backfill has a run for each day of its range, which exports that day: leave First day and Last day"
                " empty, or trigger a single run with them."
            )
        reexport_days = 0 if is_backfill else self.reexport_days
        today = datetime.now(UTC).date()
        interval = (start, end) if start and end else None
        try:
            return days_to_export(params["from_date"], params["to_date"], interval, today, reexport_days)
        except ValueError as error:  # the form's dates: another try would find the same
            raise AirflowFailException(str(error)) from None
