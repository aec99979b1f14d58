"""Solutions, solution versions and their metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from personalize.failures import cure
from personalize.operators.base import PersonalizeBaseOperator, PersonalizeJobOperator
from personalize.operators.listing import find_by

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateSolutionOperator(PersonalizeBaseOperator):
    """
    Make sure that a solution exists.

    By default the service trains new versions of a solution by itself every seven days. That would put models
    that no gate has seen next to those it has, so ``perform_auto_training`` is False here unless told otherwise.

    :param solution_name: Name of the solution. (templated)
    :param dataset_group_arn: ARN of the dataset group. (templated)
    :param recipe_arn: ARN of the recipe. (templated)
    :param solution_config: ``solutionConfig``, as the API takes it. (templated)
    :param event_type: Train on events of this type only. (templated)
    :param perform_hpo: Whether to search for good hyperparameters.
    :param perform_auto_training: Whether the service trains new versions by itself.
    :param create_kwargs: Further arguments of ``CreateSolution``.
    """

    template_fields: Sequence[str] = aws_template_fields(
        "solution_name", "dataset_group_arn", "recipe_arn", "solution_config", "event_type", "create_kwargs"
    )

    def __init__(
        self, *, solution_name: str, dataset_group_arn: str, recipe_arn: str,
        solution_config: dict[str, Any] | None = None, event_type: str | None = None, perform_hpo: bool = False,
        perform_auto_training: bool = False, create_kwargs: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.solution_name = solution_name
        self.dataset_group_arn = dataset_group_arn
        self.recipe_arn = recipe_arn
        self.solution_config = solution_config
        self.event_type = event_type
        self.perform_hpo = perform_hpo
        self.perform_auto_training = perform_auto_training
        self.create_kwargs = create_kwargs

    def execute(self, context: Context) -> str:
        listed = {"datasetGroupArn": self.dataset_group_arn}
        found = find_by(self.client, "list_solutions", listed, name=self.solution_name)
        arn = found["solutionArn"] if found else self._create()
        if found:
            self._refuse_another(self.client.describe_solution(solutionArn=arn)["solution"])
        return self.wait(context, "solution_active", solutionArn=arn)

    def _create(self) -> str:
        given = {"eventType": self.event_type, "solutionConfig": self.solution_config or None}
        try:
            arn = self.client.create_solution(
                name=self.solution_name,
                datasetGroupArn=self.dataset_group_arn,
                recipeArn=self.recipe_arn,
                performHPO=self.perform_hpo,
                performAutoTraining=self.perform_auto_training,
                **{name: value for name, value in given.items() if value is not None},
                **(self.create_kwargs or {}),
            )["solutionArn"]
        except self.client.exceptions.InvalidInputException as error:
            message = error.response["Error"]["Message"]
            raise AirflowFailException(
                f"Solution {self.solution_name}: {message} {cure(message) or ''}"
            ) from error
        self.log.info("Created solution %s", arn)
        return arn

    def _refuse_another(self, solution: dict[str, Any]) -> None:
        """A solution can't be changed: what is asked for must be what there is."""
        wanted = {
            "recipeArn": self.recipe_arn,
            "eventType": self.event_type,
            "performHPO": self.perform_hpo,
            "solutionConfig": self.solution_config or {},
        }
        have = {
            "recipeArn": solution.get("recipeArn"),
            "eventType": solution.get("eventType"),
            "performHPO": solution.get("performHPO", False),
            "solutionConfig": {
                name: solution.get("solutionConfig", {}).get(name) for name in self.solution_config or {}
            },
        }
        differing = [
            f"{name}: there {have[name]!r}, asked for {wanted[name]!r}"
            for name in wanted
            if have[name] != wanted[name]
        ]
        if differing:
            raise AirflowFailException(
                f"Solution {solution['solutionArn']} exists with other settings ({'; '.join(differing)}), and the"
                " service does not change them. Give the solution another name, or delete the old one first."
            )


class PersonalizeCreateSolutionVersionOperator(PersonalizeJobOperator):
    """
    Train a new version of a solution, exactly once for a run.

    :param solution_arn: ARN of the solution. (templated)
    :param training_mode: ``FULL`` or ``UPDATE``. (templated)
    :param stop_on_kill: Whether to stop the training when a person marks the task failed or clears it.
    """

    waiter = "solution_version_complete"
    argument = "solutionVersionArn"
    template_fields: Sequence[str] = aws_template_fields("solution_arn", "training_mode")

    def __init__(
        self, *, solution_arn: str, training_mode: str = "FULL", stop_on_kill: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.solution_arn = solution_arn
        self.training_mode = training_mode
        self.stop_on_kill = stop_on_kill

    def create(self, name: str) -> str:
        return self.client.create_solution_version(
            name=name, solutionArn=self.solution_arn, trainingMode=self.training_mode
        )["solutionVersionArn"]

    def find(self, name: str) -> str | None:
        """Lists don't show names, so versions are asked one by one, the newest first."""
        listed: list[dict[str, Any]] = []
        for page in self.client.get_paginator("list_solution_versions").paginate(
            solutionArn=self.solution_arn
        ):
            listed += page["solutionVersions"]
        for entry in sorted(listed, key=lambda version: version["creationDateTime"], reverse=True):
            arn = entry["solutionVersionArn"]
            if (
                self.client.describe_solution_version(solutionVersionArn=arn)["solutionVersion"].get("name")
                == name
            ):
                return arn
        return None

    def stops_on_kill(self, arn: str) -> str | None:
        return arn if self.stop_on_kill else None


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
