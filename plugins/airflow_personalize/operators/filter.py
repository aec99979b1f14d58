"""Filters: which items may be recommended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError

from airflow_personalize.arns import arn_of
from airflow_personalize.exceptions import error_code
from airflow_personalize.operators.base import PersonalizeCreateOperator, raise_non_retryable
from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateFilterOperator(PersonalizeCreateOperator):
    """
    Make sure that a filter exists.

    A filter can't be changed: if it exists with another expression, the task fails and says what to do.

    :param filter_name: Name of the filter. (templated)
    :param dataset_group_arn: ARN of the dataset group. (templated)
    :param filter_expression: The expression, e.g. ``EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")``.
        (templated)
    """

    template_fields: Sequence[str] = aws_template_fields(
        "filter_name", "dataset_group_arn", "filter_expression", "create_kwargs"
    )

    def __init__(
        self,
        *,
        filter_name: str,
        dataset_group_arn: str,
        filter_expression: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filter_name = filter_name
        self.dataset_group_arn = dataset_group_arn
        self.filter_expression = filter_expression

    def execute(self, context: Context) -> str:
        try:
            arn, fresh = self.once(self._find, self._create)
        except ClientError as error:
            if error_code(error) == "InvalidInputException":
                raise_non_retryable(f"Filter {self.filter_name} ({self.filter_expression})", error)
            raise
        self.wait(context, "filter_active", fresh=fresh, filterArn=arn)
        return arn

    def _create(self) -> str:
        arn: str = self.non_retrying_client.create_filter(
            name=self.filter_name,
            datasetGroupArn=self.dataset_group_arn,
            filterExpression=self.filter_expression,
            **(self.create_kwargs or {}),
        )["filterArn"]
        self.log.info("Created filter %s", arn)
        return arn

    def _find(self) -> str | None:
        arn = arn_of(self.dataset_group_arn, "filter", self.filter_name)
        existing = self.describe("filter", filterArn=arn)
        if existing is None:
            return None
        if _words(existing["filterExpression"]) != _words(self.filter_expression):
            raise AirflowFailException(
                f"Filter {arn} exists with another expression, and the service does not change filters.\n"
                f"There: {existing['filterExpression']}\nAsked for: {self.filter_expression}\n"
                "Give the new filter another name, or delete the old one first"
                " (requests that name it fail until the new one is active)."
            )
        return arn


def _words(expression: str) -> list[str]:
    """An expression without regard to white space."""
    return expression.split()


class PersonalizeDeleteFilterOperator(PersonalizeDeleteOperator):
    """
    Delete a filter.

    :param filter_arn: ARN of the filter. (templated)
    """

    kind = "filter"
