"""Metric attributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator

if TYPE_CHECKING:
    pass


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
