"""Recommenders of domain dataset groups: made or updated, started and stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.arns import ArnParameterMixin, arn_of
from airflow_personalize.operators.base import PersonalizeBaseOperator, PersonalizeCreateOperator, prune_dict
from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

STOPPED = ("STOP PENDING", "STOP IN_PROGRESS", "INACTIVE")


class PersonalizeCreateRecommenderOperator(PersonalizeCreateOperator):
    """
    Make sure that a recommender exists, with this configuration.

    :param recommender_name: Name of the recommender. (templated)
    :param dataset_group_arn: ARN of the domain dataset group. (templated)
    :param recipe_arn: ARN of the recipe of the use case. (templated)
    :param recommender_config: ``recommenderConfig``, as the API takes it; the recommender is updated if it has
        another. (templated) One that is stopped stays as it is: the service updates none before it is started.
    """

    template_fields: Sequence[str] = aws_template_fields(
        "recommender_name", "dataset_group_arn", "recipe_arn", "recommender_config", "create_kwargs"
    )

    def __init__(
        self,
        *,
        recommender_name: str,
        dataset_group_arn: str,
        recipe_arn: str,
        recommender_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.recommender_name = recommender_name
        self.dataset_group_arn = dataset_group_arn
        self.recipe_arn = recipe_arn
        self.recommender_config = recommender_config

    def execute(self, context: Context) -> str:
        arn = arn_of(self.dataset_group_arn, "recommender", self.recommender_name)
        waiter, fresh = self.once(lambda: self._waiter(arn), lambda: self._create_or_update(arn))
        self.wait(context, waiter, fresh=fresh, recommenderArn=arn)
        return arn

    def _describe(self, arn: str) -> dict[str, Any] | None:
        return self.describe("recommender", recommenderArn=arn)

    def _waiter(self, arn: str) -> str | None:
        """What to wait for, if the recommender is as it should be or on its way there."""
        existing = self._describe(arn)
        if existing is None:
            return None
        if existing["recipeArn"] != self.recipe_arn:
            raise AirflowFailException(
                f"Recommender {arn} exists with the recipe {existing['recipeArn']}, not {self.recipe_arn}, and a"
                " recommender's recipe can't be changed. Use another name, or delete it first."
            )
        if existing["status"] in STOPPED:
            config = self._config_of(existing)
            if not self._has_config(config):
                self.log.warning(
                    "%s is stopped: its configuration stays %s until it is started.", arn, config
                )
            return "recommender_inactive"
        last = existing.get("latestRecommenderUpdate", existing)
        if last["status"] == "CREATE FAILED" and last is not existing:
            return None
        if not self._has_config(last.get("recommenderConfig", {})):
            return None
        return "recommender_active" if last is existing else "recommender_updated"

    def _config_of(self, recommender: Mapping[str, Any]) -> Mapping[str, Any]:
        """What it has, or had before an update that has failed."""
        update = recommender.get("latestRecommenderUpdate", {})
        state = update if update.get("status") == "ACTIVE" else recommender
        config: Mapping[str, Any] = state.get("recommenderConfig", {})
        return config

    def _has_config(self, config: Mapping[str, Any]) -> bool:
        return all(config.get(name) == value for name, value in (self.recommender_config or {}).items())

    def _create_or_update(self, arn: str) -> str:
        """Create or update, whichever it takes; returns what to wait for."""
        if self._describe(arn):
            self.non_retrying_client.update_recommender(
                recommenderArn=arn, recommenderConfig=self.recommender_config or {}
            )
            self.log.info("Updating recommender %s", arn)
            return "recommender_updated"
        self.non_retrying_client.create_recommender(
            name=self.recommender_name,
            datasetGroupArn=self.dataset_group_arn,
            recipeArn=self.recipe_arn,
            **prune_dict(recommenderConfig=self.recommender_config or None),
            **(self.create_kwargs or {}),
        )
        self.log.info("Created recommender %s", arn)
        return "recommender_active"


class _SwitchOperator(ArnParameterMixin, PersonalizeBaseOperator):
    """Start or stop a recommender: `operation` brings it from `before` to the state that `waiter` waits for."""

    kind = "recommender"
    operation: ClassVar[str]
    before: ClassVar[str]
    waiter: ClassVar[str]

    def execute(self, context: Context) -> str:
        _, fresh = self.once(self._switched, self._switch)
        self.wait(context, self.waiter, fresh=fresh, recommenderArn=self.arn)
        return self.arn

    def _switched(self) -> str | None:
        status = (self.describe("recommender", recommenderArn=self.arn) or {"status": "gone"})["status"]
        return None if status == self.before else str(status)

    def _switch(self) -> str:
        getattr(self.non_retrying_client, self.operation)(recommenderArn=self.arn)
        return self.operation


class PersonalizeStartRecommenderOperator(_SwitchOperator):
    """
    Start a recommender that was stopped; it is billed from then on.

    :param recommender_arn: ARN of the recommender. (templated)
    """

    operation = "start_recommender"
    before = "INACTIVE"
    waiter = "recommender_active"


class PersonalizeStopRecommenderOperator(_SwitchOperator):
    """
    Stop a recommender; it keeps its model, answers nothing and is not billed.

    :param recommender_arn: ARN of the recommender. (templated)
    """

    operation = "stop_recommender"
    before = "ACTIVE"
    waiter = "recommender_inactive"


class PersonalizeDeleteRecommenderOperator(PersonalizeDeleteOperator):
    """
    Delete a recommender.

    :param recommender_arn: ARN of the recommender. (templated)
    """

    kind = "recommender"
