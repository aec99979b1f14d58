"""Waits for a batch segment job."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeBatchSegmentJobSensor(PersonalizeBaseSensor):
    """
    Wait until a batch segment job has written its segments.

    :param batch_segment_job_arn: ARN of the batch segment job. (templated)
    """

    kind = "batch_segment_job"
    waiter = "batch_segment_job_complete"
