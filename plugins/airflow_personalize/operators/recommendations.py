"""Asking a campaign, as a smoke test or for its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.hooks import PersonalizeRuntimeHook

if TYPE_CHECKING:
    from airflow.sdk import Context


class EmptyRecommendationsError(Exception):
    """A campaign or recommender answered without a single item."""


class PersonalizeGetRecommendationsOperator(AwsBaseOperator[PersonalizeRuntimeHook]):
    """
    Get recommendations from a campaign or recommender; an empty answer fails the task.

    :param campaign_arn: ARN of the campaign. (templated)
    :param recommender_arn: ARN of the recommender, instead of a campaign. (templated)
    :param user_id: User to recommend for. (templated)
    :param item_id: Item to find related ones for. (templated)
    :param num_results: Number of items, at most 500.
    :param get_kwargs: Further arguments of ``GetRecommendations``, e.g. ``filterArn``. (templated)
    """

    aws_hook_class = PersonalizeRuntimeHook
    template_fields: Sequence[str] = aws_template_fields(
        "campaign_arn", "recommender_arn", "user_id", "item_id", "get_kwargs"
    )

    def __init__(
        self,
        *,
        campaign_arn: str | None = None,
        recommender_arn: str | None = None,
        user_id: str | None = None,
        item_id: str | None = None,
        num_results: int = 10,
        get_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_arn = campaign_arn
        self.recommender_arn = recommender_arn
        self.user_id = user_id
        self.item_id = item_id
        self.num_results = num_results
        self.get_kwargs = get_kwargs

    def execute(self, context: Context) -> list[dict[str, Any]]:
        arguments = {
            "campaignArn": self.campaign_arn,
            "recommenderArn": self.recommender_arn,
            "userId": self.user_id,
            "itemId": self.item_id,
            "numResults": self.num_results,
            **(self.get_kwargs or {}),
        }
        client: Any = self.hook.conn
        response = client.get_recommendations(**{name: value for name, value in arguments.items() if value})
        items: list[dict[str, Any]] = response["itemList"]
        if not items:
            raise EmptyRecommendationsError(
                f"{self.campaign_arn or self.recommender_arn} recommends nothing."
            )
        self.log.info("Recommended: %s", ", ".join(item["itemId"] for item in items))
        return items
