"""Dataset export jobs."""

from __future__ import annotations

from tests.support.localpersonalize.in_process import InProcessService


def test_records_put_one_by_one_are_exported_unless_the_job_says_otherwise(service: InProcessService) -> None:
    dataset = service.interactions(service.group())
    target = {"s3DataDestination": {"path": "s3://bucket/out"}}
    arn = service.create("DatasetExportJob", jobName="e", datasetArn=dataset, roleArn="r", jobOutput=target)
    result = service.call("DescribeDatasetExportJob", datasetExportJobArn=arn)["datasetExportJob"]
    assert result["ingestionMode"] == "PUT"
    assert ("export", arn) in service.queue.submitted
