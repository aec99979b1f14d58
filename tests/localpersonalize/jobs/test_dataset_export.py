"""Dataset export jobs."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.jobs.dataset_export import export_dataset
from localpersonalize.jobs.task_runner import TaskFailedError
from tests.support.localpersonalize.in_process import InProcessService


@pytest.mark.usefixtures("granted")
@pytest.mark.parametrize(
    ("outcome", "status"), [({"rows": 1}, "ACTIVE"), (TaskFailedError("No."), "CREATE FAILED")]
)
def test_an_export_ends_as_its_task_does(service: InProcessService, outcome: Any, status: str) -> None:
    dataset = service.interactions(service.group())
    target = {"s3DataDestination": {"path": "s3://bucket/out"}}
    arn = service.create(
        "DatasetExportJob", False, jobName="e", datasetArn=dataset, roleArn="r", jobOutput=target
    )
    export_dataset(service.context, service.job("export", arn, outcome))
    assert service.status(arn) == status
