"""Waits for a metric attribution."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeMetricAttributionSensor(PersonalizeBaseSensor):
    """
    Wait until a metric attribution is active.

    :param metric_attribution_arn: ARN of the metric attribution. (templated)
    """

    kind = "metric_attribution"
    waiter = "metric_attribution_active"
