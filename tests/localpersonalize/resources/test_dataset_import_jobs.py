"""Dataset import jobs."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import AlreadyExistsError, InvalidInputError, LimitExceededError
from tests.support.localpersonalize.contexts import Desk


def test_five_imports_wait_at_a_time_and_a_name_is_taken_whatever_the_quota(desk: Desk) -> None:
    dataset = desk.interactions(desk.group())
    common = {"datasetArn": dataset, "roleArn": "arn:role", "dataSource": {"dataLocation": "s3://b/k"}}
    for number in range(5):
        desk.create("DatasetImportJob", active=False, jobName=f"i{number}", **common)
    with pytest.raises(LimitExceededError):
        desk.create("DatasetImportJob", jobName="i5", **common)
    with pytest.raises(AlreadyExistsError):
        desk.create("DatasetImportJob", jobName="i0", **common)


def test_an_import_needs_a_role(desk: Desk) -> None:
    dataset = desk.interactions(desk.group())
    with pytest.raises(InvalidInputError, match="roleArn is required"):
        desk.call(
            "CreateDatasetImportJob", jobName="i", datasetArn=dataset, dataSource={"dataLocation": "s3://b"}
        )
