"""Batch inference jobs: recommendations for many users or items at once, from S3 to S3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_personalize.operators.batch_job_base import _BatchJobOperator

if TYPE_CHECKING:
    pass


class PersonalizeCreateBatchInferenceJobOperator(_BatchJobOperator):
    __doc__ = f"""
    Get recommendations for many users or items, exactly once for a run.

    ``create_kwargs`` may hold ``batchInferenceJobConfig``, ``batchInferenceJobMode`` and the like.
    {(_BatchJobOperator.__doc__ or "").split("share.", 1)[-1]}"""

    kind = "batch_inference_job"
    waiter = "batch_inference_job_complete"
    argument = "batchInferenceJobArn"
