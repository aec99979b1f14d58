"""Waits for a batch inference job."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeBatchInferenceJobSensor(PersonalizeBaseSensor):
    """
    Wait until a batch inference job has written its answers.

    :param batch_inference_job_arn: ARN of the batch inference job. (templated)
    """

    kind = "batch_inference_job"
    waiter = "batch_inference_job_complete"
