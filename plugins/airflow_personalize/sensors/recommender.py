"""Waits for a recommender."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeRecommenderSensor(PersonalizeBaseSensor):
    """
    Wait until a recommender is active.

    :param recommender_arn: ARN of the recommender. (templated)
    """

    kind = "recommender"
    waiter = "recommender_active"
