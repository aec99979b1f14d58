"""Dataset import jobs: the dataset names its new data, or the job its reason."""

from __future__ import annotations

import pytest

from localpersonalize.jobs.dataset_import import import_dataset
from localpersonalize.jobs.task_runner import TaskFailedError
from tests.support.localpersonalize.contexts import Desk

pytestmark = pytest.mark.usefixtures("granted")


def imported(desk: Desk) -> tuple[str, str]:
    """A dataset, and an import that waits."""
    dataset = desk.interactions(desk.group())
    source = {"dataLocation": "s3://b/in.csv"}
    job = desk.create(
        "DatasetImportJob", False, jobName="i", datasetArn=dataset, roleArn="r", dataSource=source
    )
    return dataset, job


def test_the_dataset_names_its_new_version(desk: Desk) -> None:
    dataset, job = imported(desk)
    import_dataset(desk.context, desk.job("import", job, {"versions": ["i"], "rows": 3, "truncated": {}}))
    assert desk.status(job) == "ACTIVE"
    assert (desk.context.database.get(dataset) or {})["_versions"] == ["i"]


def test_a_file_that_does_not_fit_is_the_reason(desk: Desk) -> None:
    dataset, job = imported(desk)
    import_dataset(desk.context, desk.job("import", job, TaskFailedError("Row 2 is wrong.")))
    found = desk.call("DescribeDatasetImportJob", datasetImportJobArn=job)["datasetImportJob"]
    assert (found["status"], found["failureReason"]) == ("CREATE FAILED", "Row 2 is wrong.")
    assert "_versions" not in (desk.context.database.get(dataset) or {})
