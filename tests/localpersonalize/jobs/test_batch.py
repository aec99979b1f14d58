"""Batch jobs."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.jobs.batch import run_batch
from localpersonalize.jobs.task_runner import TaskFailedError
from tests.support.localpersonalize.in_process import InProcessService


@pytest.mark.usefixtures("granted")
@pytest.mark.parametrize(
    ("outcome", "status"), [({"files": 1}, "ACTIVE"), (TaskFailedError("No."), "CREATE FAILED")]
)
def test_a_batch_job_ends_as_its_task_does(service: InProcessService, outcome: Any, status: str) -> None:
    arn = service.create(
        "BatchInferenceJob",
        active=False,
        jobName="b",
        solutionVersionArn=service.version(service.solution(service.group())),
        roleArn="r",
        jobInput={"s3DataSource": {"path": "s3://bucket/in"}},
        jobOutput={"s3DataDestination": {"path": "s3://bucket/out"}},
    )
    run_batch(service.context, service.job("batch", arn, outcome, task="batch-inference-job"))
    assert service.status(arn) == status
    assert [task for task, _ in service.tasks.ran] == ["batch-inference-job"]
