"""Solutions: what to train, and how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError

from airflow_personalize.exceptions import error_code
from airflow_personalize.operators.base import PersonalizeCreateOperator, prune_dict, raise_non_retryable
from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator
from airflow_personalize.pagination import find_by

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateSolutionOperator(PersonalizeCreateOperator):
    """
    Make sure that a solution exists.

    By default the service trains new versions of a solution by itself every seven days. That would put models
    that no gate has seen next to those it has, so ``perform_auto_training`` is False here by default;
    a solution that exists with the other setting is updated. Anything else of a solution can't be changed: if it
    exists with another recipe or configuration, the task fails and says what differs.

    :param solution_name: Name of the solution. (templated)
    :param dataset_group_arn: ARN of the dataset group. (templated)
    :param recipe_arn: ARN of the recipe. (templated)
    :param solution_config: ``solutionConfig``, as the API takes it. (templated)
    :param event_type: Train on events of this type only. (templated)
    :param perform_hpo: Whether to search for good hyperparameters. (templated)
    :param perform_auto_training: Whether the service trains new versions by itself.
    """

    template_fields: Sequence[str] = aws_template_fields(
        "solution_name",
        "dataset_group_arn",
        "recipe_arn",
        "solution_config",
        "event_type",
        "perform_hpo",
        "create_kwargs",
    )

    def __init__(
        self,
        *,
        solution_name: str,
        dataset_group_arn: str,
        recipe_arn: str,
        solution_config: dict[str, Any] | None = None,
        event_type: str | None = None,
        perform_hpo: bool = False,
        perform_auto_training: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.solution_name = solution_name
        self.dataset_group_arn = dataset_group_arn
        self.recipe_arn = recipe_arn
        self.solution_config = solution_config
        self.event_type = event_type
        self.perform_hpo = perform_hpo
        self.perform_auto_training = perform_auto_training

    def execute(self, context: Context, event: dict[str, Any] | None = None) -> str:
        try:
            arn, fresh = self.once(self._find, self._create)
        except ClientError as error:
            if error_code(error) == "InvalidInputException":
                raise_non_retryable(f"Solution {self.solution_name}", error)
            raise
        if not fresh:
            solution = self.describe("solution", solutionArn=arn) or {}
            self._check_settings(solution)
            if self._trains_by_itself(solution) != self.perform_auto_training:
                return self._set_auto_training(context, arn)
        self.wait(context, "solution_active", fresh=fresh, solutionArn=arn)
        return arn

    def _find(self) -> str | None:
        solution = find_by(
            self.client, "list_solutions", name=self.solution_name, datasetGroupArn=self.dataset_group_arn
        )
        return str(solution["solutionArn"]) if solution else None

    def _create(self) -> str:
        arn: str = self.non_retrying_client.create_solution(
            name=self.solution_name,
            datasetGroupArn=self.dataset_group_arn,
            recipeArn=self.recipe_arn,
            performHPO=self.perform_hpo,
            performAutoTraining=self.perform_auto_training,
            **prune_dict(eventType=self.event_type, solutionConfig=self.solution_config or None),
            **(self.create_kwargs or {}),
        )["solutionArn"]
        self.log.info("Created solution %s", arn)
        return arn

    def _check_settings(self, solution: dict[str, Any]) -> None:
        """A solution can't be changed: what is asked for must be what there is."""
        config = solution.get("solutionConfig", {})
        requested_and_existing = {
            "recipeArn": (self.recipe_arn, solution.get("recipeArn")),
            "eventType": (self.event_type, solution.get("eventType")),
            "performHPO": (self.perform_hpo, solution.get("performHPO", False)),
            **{
                f"solutionConfig.{name}": (value, config.get(name))
                for name, value in (self.solution_config or {}).items()
            },
        }
        differing = [
            f"{name}: there {existing!r}, asked for {requested!r}"
            for name, (requested, existing) in requested_and_existing.items()
            if requested != existing
        ]
        if differing:
            raise AirflowFailException(
                f"Solution {solution['solutionArn']} exists with other settings ({'; '.join(differing)}), and the"
                " service does not change them. Give the solution another name, or delete the old one first."
            )

    @staticmethod
    def _trains_by_itself(solution: dict[str, Any]) -> bool:
        update = solution.get("latestSolutionUpdate", {})
        if "performAutoTraining" in update and update.get("status") != "CREATE FAILED":
            return bool(update["performAutoTraining"])
        return bool(solution.get("performAutoTraining", False))

    def _set_auto_training(self, context: Context, arn: str) -> str:
        self.log.info("Setting performAutoTraining of %s to %s", arn, self.perform_auto_training)

        def changed() -> str | None:
            solution = self.describe("solution", solutionArn=arn) or {}
            return arn if self._trains_by_itself(solution) == self.perform_auto_training else None

        def update() -> str:
            self.non_retrying_client.update_solution(
                solutionArn=arn, performAutoTraining=self.perform_auto_training
            )
            return arn

        self.once(changed, update)
        self.wait(context, "solution_updated", solutionArn=arn)
        return arn


class PersonalizeDeleteSolutionOperator(PersonalizeDeleteOperator):
    """
    Delete a solution with all its versions; its campaigns must be gone.

    :param solution_arn: ARN of the solution. (templated)
    """

    kind = "solution"
