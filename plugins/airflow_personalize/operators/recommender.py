"""Recommenders of domain dataset groups: made or updated, started and stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.base import PersonalizeBaseOperator, arn_of, given
from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateRecommenderOperator(PersonalizeBaseOperator):
    """
    Make sure that a recommender exists, with this configuration.

    :param recommender_name: Name of the recommender. (templated)
    :param dataset_group_arn: ARN of the domain dataset group. (templated)
    :param recipe_arn: ARN of the recipe of the use case. (templated)
    :param recommender_config: ``recommenderConfig``, as the API takes it; the recommender is updated if it has
        another. (templated)
    :param create_kwargs: Further arguments of ``CreateRecommender``, e.g. ``tags``. (templated)
    """

    template_fields: Sequence[str] = aws_template_fields(
        "recommender_name", "dataset_group_arn", "recipe_arn", "recommender_config", "create_kwargs"
    )

    def __init__(
        self, *, recommender_name: str, dataset_group_arn: str, recipe_arn: str,
        recommender_config: dict[str, Any] | None = None, create_kwargs: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.recommender_name = recommender_name
        self.dataset_group_arn = dataset_group_arn
        self.recipe_arn = recipe_arn
        self.recommender_config = recommender_config
        self.create_kwargs = create_kwargs

    def execute(self, context: Context) -> str:
        arn = arn_of(self.dataset_group_arn, "recommender", self.recommender_name)
        waiter, fresh = self.once(lambda: self._waiter(arn), lambda: self._ask(arn))
        return self.wait(context, waiter, fresh=fresh, recommenderArn=arn)

    def _there(self, arn: str) -> dict[str, Any] | None:
        return self.describe("recommender", recommenderArn=arn)

    def _waiter(self, arn: str) -> str | None:
        """What to wait for, if the recommender is as it should be or on its way there."""
        there = self._there(arn)
        if there is None:
            return None
        if there["recipeArn"] != self.recipe_arn:
            raise AirflowFailException(
                f"Recommender {arn} exists with the recipe {there['recipeArn']}, not {self.recipe_arn}, and a"
                " recommender's recipe can't be changed. Use another name, or delete it first."
            )
        last = there.get("latestRecommenderUpdate", there)
        if last["status"] == "CREATE FAILED" and last is not there:
            return None
        if not self._has_config(last.get("recommenderConfig", {})):
            return None
        return "recommender_active" if last is there else "recommender_updated"

    def _has_config(self, config: Mapping[str, Any]) -> bool:
        return all(config.get(name) == value for name, value in (self.recommender_config or {}).items())

    def _ask(self, arn: str) -> str:
        """Create or update, whichever it takes; returns what to wait for."""
        if self._there(arn):
            self.change.update_recommender(
                recommenderArn=arn, recommenderConfig=self.recommender_config or {}
            )
            self.log.info("Updating recommender %s", arn)
            return "recommender_updated"
        self.change.create_recommender(
            name=self.recommender_name,
            datasetGroupArn=self.dataset_group_arn,
            recipeArn=self.recipe_arn,
            **given(recommenderConfig=self.recommender_config or None),
            **(self.create_kwargs or {}),
        )
        self.log.info("Created recommender %s", arn)
        return "recommender_active"


class _SwitchOperator(PersonalizeBaseOperator):
    """Start or stop a recommender: `operation` brings it from `before` to the state that `waiter` waits for."""

    operation: str
    before: tuple[str, ...]
    waiter: str
    template_fields: Sequence[str] = aws_template_fields("recommender_arn")

    def __init__(self, *, recommender_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recommender_arn = recommender_arn

    def execute(self, context: Context) -> str:
        _, fresh = self.once(self._switched, self._ask)
        return self.wait(context, self.waiter, fresh=fresh, recommenderArn=self.recommender_arn)

    def _switched(self) -> str | None:
        there = self.describe("recommender", recommenderArn=self.recommender_arn) or {"status": "gone"}
        return None if there["status"] in self.before else str(there["status"])

    def _ask(self) -> str:
        getattr(self.change, self.operation)(recommenderArn=self.recommender_arn)
        return self.operation


class PersonalizeStartRecommenderOperator(_SwitchOperator):
    """
    Start a recommender that was stopped; it is billed from then on.

    :param recommender_arn: ARN of the recommender. (templated)
    """

    operation = "start_recommender"
    before = ("INACTIVE",)
    waiter = "recommender_active"


class PersonalizeStopRecommenderOperator(_SwitchOperator):
    """
    Stop a recommender; it keeps its model, answers nothing and is not billed.

    :param recommender_arn: ARN of the recommender. (templated)
    """

    operation = "stop_recommender"
    before = ("ACTIVE",)
    waiter = "recommender_inactive"


class PersonalizeDeleteRecommenderOperator(PersonalizeDeleteOperator):
    """
    Delete a recommender.

    :param recommender_arn: ARN of the recommender. (templated)
    """

    kind, argument = "recommender", "recommenderArn"
    template_fields: Sequence[str] = aws_template_fields("recommender_arn")

    def __init__(self, *, recommender_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recommender_arn = recommender_arn
