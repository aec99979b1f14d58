"""Batch segment jobs: the users for each of many items, or for attributes of items, from S3 to S3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_personalize.operators.batch_job_base import _BatchJobOperator

if TYPE_CHECKING:
    pass


class PersonalizeCreateBatchSegmentJobOperator(_BatchJobOperator):
    __doc__ = f"""
    Get segments of users for many items or item attributes, exactly once for a run.
    {(_BatchJobOperator.__doc__ or "").split("share.", 1)[-1]}"""

    kind = "batch_segment_job"
    waiter = "batch_segment_job_complete"
    argument = "batchSegmentJobArn"
