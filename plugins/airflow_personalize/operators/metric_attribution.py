"""Metric attributions."""

from __future__ import annotations

from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator


class PersonalizeDeleteMetricAttributionOperator(PersonalizeDeleteOperator):
    """
    Delete a metric attribution.

    :param metric_attribution_arn: ARN of the metric attribution. (templated)
    """

    kind = "metric_attribution"
