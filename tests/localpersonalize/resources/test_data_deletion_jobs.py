"""Data deletion jobs."""

from __future__ import annotations

from tests.support.localpersonalize.contexts import Desk


def test_these_jobs_have_states_of_their_own(desk: Desk) -> None:
    source = {"dataLocation": "s3://b/users.csv"}
    group = desk.group()
    arn = desk.create(
        "DataDeletionJob", False, jobName="d", datasetGroupArn=group, roleArn="r", dataSource=source
    )
    assert desk.status(arn) == "PENDING"
    assert desk.queue.submitted[-1] == ("delete users", arn)
