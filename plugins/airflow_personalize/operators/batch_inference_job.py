"""Batch inference jobs: recommendations for many users or items at once, from S3 to S3."""

from airflow_personalize.operators.batch_job_base import PersonalizeBatchJobOperator


class PersonalizeCreateBatchInferenceJobOperator(PersonalizeBatchJobOperator):
    """
    Get recommendations for many users or items, exactly once for a run.

    ``create_kwargs`` may hold ``batchInferenceJobConfig``, ``batchInferenceJobMode`` and the like.

    See `PersonalizeBatchJobOperator` for the parameters.
    """

    kind = "batch_inference_job"
