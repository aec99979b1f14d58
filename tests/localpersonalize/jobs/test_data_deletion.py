"""Data deletion jobs."""

from __future__ import annotations

import pytest

from localpersonalize.jobs.data_deletion import delete_users
from tests.support.localpersonalize.in_process import InProcessService


@pytest.mark.usefixtures("granted")
def test_users_go_from_the_files_and_from_what_came_one_by_one(service: InProcessService) -> None:
    group = service.group()
    dataset = service.interactions(group)
    service.context.database.add_events(dataset, [{"USER_ID": "u1"}, {"USER_ID": "u2"}])
    source = {"dataLocation": "s3://bucket/users.csv"}
    arn = service.create(
        "DataDeletionJob", False, jobName="d", datasetGroupArn=group, roleArn="r", dataSource=source
    )
    done = {"users": ["u1"], "versions": {dataset: ["d"]}, "rows": 4}
    delete_users(service.context, service.job("delete users", arn, done))
    result = service.call("DescribeDataDeletionJob", dataDeletionJobArn=arn)["dataDeletionJob"]
    assert (result["status"], result["numDeleted"]) == ("COMPLETED", 5)
    assert (service.context.database.get(dataset) or {})["_versions"] == ["d"]
