"""Batch segment jobs: the users for each of many items, or for attributes of items, from S3 to S3."""

from airflow_personalize.operators.batch_job_base import PersonalizeBatchJobOperator


class PersonalizeCreateBatchSegmentJobOperator(PersonalizeBatchJobOperator):
    """
    Get segments of users for many items or item attributes, exactly once for a run.

    See `PersonalizeBatchJobOperator` for the parameters.
    """

    kind = "batch_segment_job"
