"""Notifies whoever wants to know what came of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from encore import messages, notifications
from encore.operators.base import DatasetGroupOperator
from encore.runs.failed_tasks import fail_beside
from encore.runs.failure_reasons import failures
from encore.task_inputs import values_of

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeNotifyOperator(DatasetGroupOperator):
    """Notify the channels of the group, with one message: what was promoted, held and failed, with reasons and tables.

    Every input may be None: a run can fail before anything of it is there.

    :param plan: the run's plan (templated)
    :param recorded: what `PersonalizeRecordRunOperator` has returned (templated)
    :param decisions: the gate's decisions, one for each solution (templated)
    """

    template_fields: Sequence[str] = aws_template_fields("plan", "recorded", "decisions")

    def __init__(
        self,
        *,
        plan: Mapping[str, Any] | None,
        recorded: Mapping[str, Any] | None,
        decisions: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.plan, self.recorded, self.decisions = plan, recorded, decisions

    def execute(self, context: Context) -> list[str]:
        group = self.settings
        if (self.plan or {}).get("dry_run"):
            return []
        outcomes = (self.recorded or {}).get("solutions", {})
        decisions = {decision["solution"]: decision for decision in values_of(self.decisions)}
        failed = failures(context)
        message = messages.of_retraining(
            group.name,
            messages.run_url(context["ti"].dag_id, context["ti"].run_id),
            outcomes,
            decisions,
            failed,
            has_recovered=not failed and context["ti"].try_number > 1,
            report=(self.recorded or {}).get("report"),
            unused=(self.recorded or {}).get("unused") or (),
        )
        sent: list[str] = []
        if message:
            sent = notifications.send_all(group.notify, message, context)
            self.log.info("%s\n%s", message.subject, message.text)
        fail_beside([failure.task for failure in failed])
        return sent
