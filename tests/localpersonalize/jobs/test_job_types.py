"""The list of jobs."""

from __future__ import annotations

from typing import get_args

from localpersonalize.jobs.job_types import JOB_TYPES
from localpersonalize.resources.context import JobName


def test_every_job_that_can_be_submitted_is_done_by_one_function() -> None:
    names = [job_type.name for job_type in JOB_TYPES]
    assert sorted(names) == sorted(get_args(JobName))
    assert len(set(names)) == len(names)
