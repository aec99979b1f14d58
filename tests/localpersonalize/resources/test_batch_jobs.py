"""Batch jobs."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from tests.support.localpersonalize.in_process import InProcessService


def inference(service: InProcessService, version: str, **more: Any) -> str:
    return service.create(
        "BatchInferenceJob",
        jobName="b",
        solutionVersionArn=version,
        roleArn="r",
        jobInput={"s3DataSource": {"path": "s3://bucket/in"}},
        **{"jobOutput": {"s3DataDestination": {"path": "s3://bucket/out"}}, **more},
    )


def test_a_job_is_submitted_with_defaults(service: InProcessService) -> None:
    arn = inference(service, service.version(service.solution(service.group())))
    result = service.call("DescribeBatchInferenceJob", batchInferenceJobArn=arn)["batchInferenceJob"]
    assert (result["numResults"], result["batchInferenceJobMode"]) == (25, "BATCH_INFERENCE")
    assert service.queue.submitted[-1] == ("batch", arn)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"numResults": 501}, "between 1 and 500"),
        ({"jobOutput": {"s3DataDestination": {"path": "/out"}}}, "Invalid S3 output path"),
    ],
)
def test_a_job_that_cannot_succeed_is_refused(service: InProcessService, more: Any, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        inference(service, service.version(service.solution(service.group())), **more)


def test_segments_need_a_recipe_that_makes_them(service: InProcessService) -> None:
    version = service.version(service.solution(service.group()))
    with pytest.raises(InvalidInputError, match="needs USER_SEGMENTATION"):
        service.call("CreateBatchSegmentJob", jobName="s", solutionVersionArn=version)
