"""Dataset import jobs: the dataset names its new data, or the job its reason."""

from __future__ import annotations

import pytest

from localpersonalize.jobs.dataset_import import import_dataset
from localpersonalize.jobs.task_runner import TaskFailedError
from tests.support.localpersonalize.in_process import InProcessService

pytestmark = pytest.mark.usefixtures("granted")


def imported(service: InProcessService) -> tuple[str, str]:
    """A dataset, and an import that waits."""
    dataset = service.interactions(service.group())
    source = {"dataLocation": "s3://bucket/in.csv"}
    job = service.create(
        "DatasetImportJob", False, jobName="i", datasetArn=dataset, roleArn="r", dataSource=source
    )
    return dataset, job


def test_the_dataset_names_its_new_version(service: InProcessService) -> None:
    dataset, job = imported(service)
    import_dataset(
        service.context, service.job("import", job, {"versions": ["i"], "rows": 3, "truncated": {}})
    )
    assert service.status(job) == "ACTIVE"
    assert (service.context.database.get(dataset) or {})["_versions"] == ["i"]


def test_a_file_that_does_not_fit_is_the_reason(service: InProcessService) -> None:
    dataset, job = imported(service)
    import_dataset(service.context, service.job("import", job, TaskFailedError("Row 2 is wrong.")))
    result = service.call("DescribeDatasetImportJob", datasetImportJobArn=job)["datasetImportJob"]
    assert (result["status"], result["failureReason"]) == ("CREATE FAILED", "Row 2 is wrong.")
    assert "_versions" not in (service.context.database.get(dataset) or {})
