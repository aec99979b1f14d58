"""Deleting one resource. What is gone already counts as deleted, which makes these fit for teardown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from botocore.exceptions import ClientError

from personalize.failures import is_occupied
from personalize.operators.base import PersonalizeBaseOperator, repeatable
from personalize.operators.deletion_in_order import PersonalizeDeleteDatasetGroupTreeOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

GONE, LEAVING = "gone", "being deleted"


class PersonalizeDeleteOperator(PersonalizeBaseOperator):
    """
    Base of the operators that delete a resource and wait until it is gone.

    A resource that is gone already is a success. One that is changing, or that others still depend on, is waited
    for. To run it after its upstream tasks however those ended, use it ``.as_teardown()``.
    """

    kind: str
    argument: str
    has_states = True

    @property
    def arn(self) -> str:
        return str(getattr(self, f"{self.kind}_arn"))

    @repeatable
    def execute(self, context: Context, event: dict[str, Any] | None = None) -> None:
        try:
            state, fresh = self.once(self._look, self._ask)
        except ClientError as error:
            if is_occupied(error):
                return self.wait_for_a_place(context, error, event)
            raise
        self.log.info("%s is %s", self.arn, state)
        if state == LEAVING:
            self.wait(context, f"{self.kind}_deleted", fresh=fresh, **{self.argument: self.arn})
        return None

    def completed(self, context: Context, resource: str) -> None:
        return None

    def _look(self) -> str | None:
        there = self.describe(self.kind, **{self.argument: self.arn})
        if there is None:
            return GONE
        return LEAVING if str(there.get("status", "")).startswith("DELETE") else None

    def _ask(self) -> str:
        getattr(self.change, f"delete_{self.kind}")(**{self.argument: self.arn})
        return LEAVING if self.has_states else GONE


class PersonalizeDeleteCampaignOperator(PersonalizeDeleteOperator):
    """
    Delete a campaign.

    :param campaign_arn: ARN of the campaign. (templated)
    """

    kind, argument = "campaign", "campaignArn"
    template_fields: Sequence[str] = aws_template_fields("campaign_arn")

    def __init__(self, *, campaign_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.campaign_arn = campaign_arn


class PersonalizeDeleteSolutionOperator(PersonalizeDeleteOperator):
    """
    Delete a solution with all its versions; its campaigns must be gone.

    :param solution_arn: ARN of the solution. (templated)
    """

    kind, argument = "solution", "solutionArn"
    template_fields: Sequence[str] = aws_template_fields("solution_arn")

    def __init__(self, *, solution_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.solution_arn = solution_arn


class PersonalizeDeleteFilterOperator(PersonalizeDeleteOperator):
    """
    Delete a filter.

    :param filter_arn: ARN of the filter. (templated)
    """

    kind, argument = "filter", "filterArn"
    template_fields: Sequence[str] = aws_template_fields("filter_arn")

    def __init__(self, *, filter_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filter_arn = filter_arn


class PersonalizeDeleteEventTrackerOperator(PersonalizeDeleteOperator):
    """
    Delete an event tracker; the events that came through it stay.

    :param event_tracker_arn: ARN of the event tracker. (templated)
    """

    kind, argument = "event_tracker", "eventTrackerArn"
    template_fields: Sequence[str] = aws_template_fields("event_tracker_arn")

    def __init__(self, *, event_tracker_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.event_tracker_arn = event_tracker_arn


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


class PersonalizeDeleteMetricAttributionOperator(PersonalizeDeleteOperator):
    """
    Delete a metric attribution.

    :param metric_attribution_arn: ARN of the metric attribution. (templated)
    """

    kind, argument = "metric_attribution", "metricAttributionArn"
    template_fields: Sequence[str] = aws_template_fields("metric_attribution_arn")

    def __init__(self, *, metric_attribution_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metric_attribution_arn = metric_attribution_arn


class PersonalizeDeleteDatasetOperator(PersonalizeDeleteOperator):
    """
    Delete a dataset and its data.

    :param dataset_arn: ARN of the dataset. (templated)
    """

    kind, argument = "dataset", "datasetArn"
    template_fields: Sequence[str] = aws_template_fields("dataset_arn")

    def __init__(self, *, dataset_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_arn = dataset_arn


class PersonalizeDeleteSchemaOperator(PersonalizeDeleteOperator):
    """
    Delete a schema; no dataset may use it.

    :param schema_arn: ARN of the schema. (templated)
    """

    kind, argument = "schema", "schemaArn"
    has_states = False
    template_fields: Sequence[str] = aws_template_fields("schema_arn")

    def __init__(self, *, schema_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.schema_arn = schema_arn


class PersonalizeDeleteDatasetGroupOperator(PersonalizeDeleteOperator):
    """
    Delete an empty dataset group; for one with all that it holds, see `PersonalizeDeleteDatasetGroupTreeOperator`.

    :param dataset_group_arn: ARN of the dataset group. (templated)
    """

    kind, argument = "dataset_group", "datasetGroupArn"
    template_fields: Sequence[str] = aws_template_fields("dataset_group_arn")

    def __init__(self, *, dataset_group_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_group_arn = dataset_group_arn


__all__ = [
    "PersonalizeDeleteCampaignOperator",
    "PersonalizeDeleteDatasetGroupOperator",
    "PersonalizeDeleteDatasetGroupTreeOperator",
    "PersonalizeDeleteDatasetOperator",
    "PersonalizeDeleteEventTrackerOperator",
    "PersonalizeDeleteFilterOperator",
    "PersonalizeDeleteMetricAttributionOperator",
    "PersonalizeDeleteRecommenderOperator",
    "PersonalizeDeleteSchemaOperator",
    "PersonalizeDeleteSolutionOperator",
]
