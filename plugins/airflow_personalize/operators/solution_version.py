"""Solution versions: trainings, their metrics, and their end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize import lineage
from airflow_personalize.arns import ArnParameterMixin
from airflow_personalize.links import PersonalizeResourceLink
from airflow_personalize.operators.base import PersonalizeBaseOperator
from airflow_personalize.operators.job_base import PersonalizeJobOperator
from airflow_personalize.pagination import list_all
from airflow_personalize.triggers import stop_solution_version

if TYPE_CHECKING:
    from airflow.sdk import Context

MAX_CLOCK_SKEW = timedelta(hours=1)


class PersonalizeCreateSolutionVersionOperator(PersonalizeJobOperator):
    """
    Train a new version of a solution, exactly once for a run.

    :param solution_arn: ARN of the solution. (templated)
    :param training_mode: ``FULL`` or ``UPDATE``. (templated)
    :param stop_on_kill: Whether to stop the training when a person marks the task failed or clears it.
        The only job of the service that can be stopped.
    """

    kind = "solution_version"
    subject = ("solution_arn",)
    template_fields: Sequence[str] = aws_template_fields("solution_arn", "training_mode", "create_kwargs")

    def __init__(
        self,
        *,
        solution_arn: str,
        training_mode: str = "FULL",
        stop_on_kill: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.solution_arn = solution_arn
        self.training_mode = training_mode
        self.stop_on_kill = stop_on_kill
        self._trained: str | None = None

    def create(self, name: str) -> str:
        response = self.non_retrying_client.create_solution_version(
            name=name,
            solutionArn=self.solution_arn,
            trainingMode=self.training_mode,
            **(self.create_kwargs or {}),
        )
        return str(response[self.member])

    def find(self, name: str, context: Context) -> str | None:
        """Lists don't show names, so versions are described one by one, the newest first, back to the run's begin."""
        listed = list_all(self.client, "list_solution_versions", solutionArn=self.solution_arn)
        run = context.get("dag_run")
        began = getattr(run, "run_after", None)
        for entry in sorted(listed, key=lambda version: version["creationDateTime"], reverse=True):
            if began and entry["creationDateTime"] < began - MAX_CLOCK_SKEW:
                return None
            arn = str(entry["solutionVersionArn"])
            version = self.describe("solution_version", solutionVersionArn=arn) or {}
            if version.get("name") == name:
                return arn
        return None

    def stops_on_kill(self, arn: str) -> str | None:
        return arn if self.stop_on_kill else None

    def completed(self, context: Context, resource: str) -> str:
        self._trained = resource
        return super().completed(context, resource)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """From the group's datasets to the version. Called by Airflow's OpenLineage provider, if it is there."""
        solution = self.describe("solution", solutionArn=self.solution_arn) or {}
        listed = list_all(self.client, "list_datasets", datasetGroupArn=solution["datasetGroupArn"])
        datasets = [lineage.of_arn(entry["datasetArn"]) for entry in listed]
        return lineage.lineage(datasets, [lineage.of_arn(self._trained)] if self._trained else [])


class PersonalizeStopSolutionVersionOperator(ArnParameterMixin, PersonalizeBaseOperator):
    """
    Stop a training. One that has ended already is left alone.

    :param solution_version_arn: ARN of the solution version. (templated)
    """

    kind = "solution_version"

    def execute(self, context: Context) -> str:
        stop_solution_version(self.hook, self.arn)
        self.wait(context, "solution_version_stopped", solutionVersionArn=self.arn)
        return self.arn


class PersonalizeGetSolutionMetricsOperator(ArnParameterMixin, PersonalizeBaseOperator):
    """
    Get the metrics of a solution version.

    :param solution_version_arn: ARN of the solution version. (templated)
    """

    kind = "solution_version"

    def execute(self, context: Context) -> dict[str, float]:
        PersonalizeResourceLink.persist(context, self, self.arn)
        metrics: dict[str, float] = self.client.get_solution_metrics(solutionVersionArn=self.arn)["metrics"]
        for name, value in sorted(metrics.items()):
            self.log.info("%-48s %.4f", name, value)
        return metrics
