"""Waits until no earlier run of the DAG works on the dataset group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException
from airflow.utils.types import DagRunType

from encore.runs import turns
from encore.runs.turns import Ticket
from encore.triggers import RunsTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

TICKET = "began"
#: Runs of a DAG with this task that may be there at a time: one works, others wait for their turn or for an answer.
RUNS_AT_A_TIME = 8


class PersonalizeWaitForTurnOperator(BaseOperator):
    """
    Let a DAG's runs work one after the other, in the order of their begin; the wait is deferred.

    A run that waits for nothing but a person's answer lets the next one pass. A scheduled run ends here, skipped, where
    another scheduled one waits already: that will do all that this one would. What a person clears in a run that has
    had its turn goes on at once.

    :param unless: lets the run pass, e.g. a dry run (templated)
    """

    template_fields: Sequence[str] = ("unless",)
    ui_color = "#e8eaf6"

    def __init__(self, *, unless: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unless = unless

    def execute(self, context: Context, event: dict[str, Any] | None = None) -> None:
        if self.unless:
            return
        ti: Any = context["ti"]
        run: Any = context["dag_run"]
        own = Ticket(run.start_date.isoformat(), ti.run_id)
        ti.xcom_push(key=TICKET, value=own.began)
        unfinished = self._unfinished(context)
        tickets = {run_id: self._ticket(ti, run_id) for run_id in unfinished}
        _skip_if_superfluous(unfinished, tickets, own)
        ahead = turns.ahead(unfinished, tickets, own)
        busy = turns.busy_runs(ti, ti.dag_id, ahead)
        # Of two runs that begin together each must have seen the other's ticket: who is not alone looks twice.
        if busy or (unfinished and event is None):
            self._wait(ti, busy or ahead)
        for run_id in ahead:
            self.log.info("The run %s waits for an answer only (see Required Actions): going on", run_id)

    def _unfinished(self, context: Context) -> dict[str, str | None]:
        """The state of this task in each other run that is not over."""
        ti: Any = context["ti"]
        if ti.get_dr_count(ti.dag_id, states=turns.UNFINISHED_RUNS) <= 1:
            return {}
        last = [task.task_id for task in context["dag"].leaves]
        runs: Mapping[str, Mapping[str, str | None]] = ti.get_task_states(
            ti.dag_id, task_ids=[self.task_id, *last]
        )
        return {
            run_id: states.get(self.task_id)
            for run_id, states in runs.items()
            if run_id != ti.run_id
            and not turns.is_over(state for task, state in states.items() if task != self.task_id)
            and ti.get_dr_count(ti.dag_id, run_ids=[run_id], states=turns.UNFINISHED_RUNS)
        }

    def _ticket(self, ti: Any, run_id: str) -> Ticket | None:
        began = ti.xcom_pull(task_ids=self.task_id, key=TICKET, run_id=run_id)
        return Ticket(began, run_id) if began else None

    def _wait(self, ti: Any, run_ids: Sequence[str]) -> NoReturn:
        if run_ids:
            self.log.info("Waiting for the end of the earlier run %s", " and ".join(run_ids))
        self.defer(trigger=RunsTrigger(ti.dag_id, run_ids), method_name="execute")


def _skip_if_superfluous(
    turn_of: Mapping[str, str | None], tickets: Mapping[str, Ticket | None], own: Ticket
) -> None:
    """
    :raises AirflowSkipException: for a scheduled run, if an earlier scheduled one waits
    """
    if not _is_scheduled(own.run_id):
        return
    for run_id, state in turn_of.items():
        ticket = tickets[run_id]
        if _is_scheduled(run_id) and turns.are_waiting(state) and ticket is not None and ticket < own:
            raise AirflowSkipException(
                f"The scheduled run {run_id} waits already: it does what this one would."
            )


def _is_scheduled(run_id: str) -> bool:
    return DagRunType.from_run_id(run_id) == DagRunType.SCHEDULED
