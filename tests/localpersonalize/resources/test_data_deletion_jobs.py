"""Data deletion jobs."""

from __future__ import annotations

from tests.support.localpersonalize.in_process import InProcessService


def test_these_jobs_have_states_of_their_own(service: InProcessService) -> None:
    source = {"dataLocation": "s3://bucket/users.csv"}
    group = service.group()
    arn = service.create(
        "DataDeletionJob", False, jobName="d", datasetGroupArn=group, roleArn="r", dataSource=source
    )
    assert service.status(arn) == "PENDING"
    assert service.queue.submitted[-1] == ("delete users", arn)
