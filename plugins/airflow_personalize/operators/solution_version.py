"""Solution versions: trainings, their metrics, and their end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.operators.base import PersonalizeBaseOperator
from airflow_personalize.operators.job_base import PersonalizeJobOperator
from airflow_personalize.pagination import list_all
from airflow_personalize.triggers import stop_solution_version

if TYPE_CHECKING:
    from airflow.sdk import Context

CLOCKS_APART = timedelta(hours=1)


class PersonalizeCreateSolutionVersionOperator(PersonalizeJobOperator):
    """
    Train a new version of a solution, exactly once for a run.

    :param solution_arn: ARN of the solution. (templated)
    :param training_mode: ``FULL`` or ``UPDATE``. (templated)
    :param stop_on_kill: Whether to stop the training when a person marks the task failed or clears it.
        The only job of the service that can be stopped.
    :param create_kwargs: Further arguments of ``CreateSolutionVersion``, e.g. ``tags``. (templated)
    """

    waiter = "solution_version_complete"
    argument = "solutionVersionArn"
    subject = ("solution_arn",)
    template_fields: Sequence[str] = aws_template_fields("solution_arn", "training_mode", "create_kwargs")

    def __init__(
        self, *, solution_arn: str, training_mode: str = "FULL", stop_on_kill: bool = True,
        create_kwargs: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.solution_arn = solution_arn
        self.training_mode = training_mode
        self.stop_on_kill = stop_on_kill
        self.create_kwargs = create_kwargs

    def create(self, name: str) -> str:
        return self.change.create_solution_version(
            name=name,
            solutionArn=self.solution_arn,
            trainingMode=self.training_mode,
            **(self.create_kwargs or {}),
        )["solutionVersionArn"]

    def find(self, name: str, context: Context) -> str | None:
        """Lists don't show names, so versions are asked one by one, the newest first, back to the run's begin."""
        listed = list_all(self.client, "list_solution_versions", solutionArn=self.solution_arn)
        run = context.get("dag_run")
        began = getattr(run, "run_after", None)
        for entry in sorted(listed, key=lambda version: version["creationDateTime"], reverse=True):
            if began and entry["creationDateTime"] < began - CLOCKS_APART:
                return None
            arn = entry["solutionVersionArn"]
            version = self.describe("solution_version", solutionVersionArn=arn) or {}
            if version.get("name") == name:
                return arn
        return None

    def stops_on_kill(self, arn: str) -> str | None:
        return arn if self.stop_on_kill else None


class PersonalizeStopSolutionVersionOperator(PersonalizeBaseOperator):
    """
    Stop a training. One that has ended already is left alone.

    :param solution_version_arn: ARN of the solution version. (templated)
    """

    template_fields: Sequence[str] = aws_template_fields("solution_version_arn")

    def __init__(self, *, solution_version_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.solution_version_arn = solution_version_arn

    def execute(self, context: Context) -> str:
        stop_solution_version(self.hook, self.solution_version_arn)
        return self.wait(context, "solution_version_stopped", solutionVersionArn=self.solution_version_arn)


class PersonalizeGetSolutionMetricsOperator(PersonalizeBaseOperator):
    """
    Get the metrics of a solution version.

    :param solution_version_arn: ARN of the solution version. (templated)
    """

    template_fields: Sequence[str] = aws_template_fields("solution_version_arn")

    def __init__(self, *, solution_version_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.solution_version_arn = solution_version_arn

    def execute(self, context: Context) -> dict[str, float]:
        answer = self.client.get_solution_metrics(solutionVersionArn=self.solution_version_arn)
        for name, value in sorted(answer["metrics"].items()):
            self.log.info("%-48s %.4f", name, value)
        return answer["metrics"]
