"""Dataset export jobs."""

from __future__ import annotations

from tests.support.localpersonalize.contexts import Desk


def test_records_put_one_by_one_are_exported_unless_the_job_says_otherwise(desk: Desk) -> None:
    dataset = desk.interactions(desk.group())
    target = {"s3DataDestination": {"path": "s3://b/out"}}
    arn = desk.create("DatasetExportJob", jobName="e", datasetArn=dataset, roleArn="r", jobOutput=target)
    found = desk.call("DescribeDatasetExportJob", datasetExportJobArn=arn)["datasetExportJob"]
    assert found["ingestionMode"] == "PUT"
    assert ("export", arn) in desk.queue.submitted
