"""Dataset import jobs."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import AlreadyExistsError, InvalidInputError, LimitExceededError
from tests.support.localpersonalize.in_process import InProcessService


def test_five_imports_wait_at_a_time_and_a_name_is_taken_whatever_the_quota(
    service: InProcessService,
) -> None:
    dataset = service.interactions(service.group())
    common = {"datasetArn": dataset, "roleArn": "arn:role", "dataSource": {"dataLocation": "s3://bucket/k"}}
    for number in range(5):
        service.create("DatasetImportJob", active=False, jobName=f"i{number}", **common)
    with pytest.raises(LimitExceededError):
        service.create("DatasetImportJob", jobName="i5", **common)
    with pytest.raises(AlreadyExistsError):
        service.create("DatasetImportJob", jobName="i0", **common)


def test_an_import_needs_a_role(service: InProcessService) -> None:
    dataset = service.interactions(service.group())
    with pytest.raises(InvalidInputError, match="roleArn is required"):
        service.call(
            "CreateDatasetImportJob",
            jobName="i",
            datasetArn=dataset,
            dataSource={"dataLocation": "s3://bucket"},
        )
