"""Waits for an event tracker."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeEventTrackerSensor(PersonalizeBaseSensor):
    """
    Wait until an event tracker is active.

    :param event_tracker_arn: ARN of the event tracker. (templated)
    """

    kind = "event_tracker"
    waiter = "event_tracker_active"
