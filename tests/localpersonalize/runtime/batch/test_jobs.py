"""Batch jobs as a worker runs them: from the job's resource to files."""

from __future__ import annotations

import json
from typing import Any

import pyarrow.compute as pc
import pytest

from localpersonalize.runtime.batch.files import BatchJobError, BatchSummary
from localpersonalize.runtime.batch.jobs import run_batch_inference_job, run_batch_segment_job
from tests.support.localpersonalize.planted_resources import GROUP, PAIRS, PlantedResources


def job(version: str, **more: Any) -> dict[str, Any]:
    return {
        "solutionVersionArn": version,
        "jobInput": {"s3DataSource": {"path": "s3://jobs/in/a.json"}},
        "jobOutput": {"s3DataDestination": {"path": "s3://jobs/out/"}},
        **more,
    }


def test_a_job_writes_its_answers(shop: PlantedResources, s3: Any) -> None:
    version = shop.train("s", "aws-sims", hyperparameters=PAIRS)
    only = shop.add_filter("INCLUDE ItemID WHERE Items.KIND IN ($K)")
    query = {"itemId": "a0", "filterValues": {"K": '"y"'}}
    s3.put_object(Bucket="jobs", Key="in/a.json", Body=json.dumps(query).encode())
    summary = run_batch_inference_job(job(version, numResults=3, filterArn=only), shop, shop, s3)
    assert summary == BatchSummary(files=1, answered=1, failed=0)
    (line,) = s3.get_object(Bucket="jobs", Key="out/a.json.out")["Body"].read().splitlines()
    assert json.loads(line) == {"input": query, "output": {"recommendedItems": ["b0"]}, "error": None}


def test_jobs_that_cannot_be_done_say_why(shop: PlantedResources, s3: Any) -> None:
    version = shop.train("p", "aws-popularity-count")
    users = shop.add_filter("INCLUDE UserID WHERE Users.AGE > 1")
    s3.put_object(Bucket="jobs", Key="in/a.json", Body=b'{"userId": "u1"}')

    def inference(says: str, **more: Any) -> None:
        with pytest.raises(BatchJobError, match=says):
            run_batch_inference_job(job(version, **more), shop, shop, s3)

    inference("THEME_GENERATION is not supported", batchInferenceJobMode="THEME_GENERATION")
    inference("between 1 and 500", numResults=501)
    inference("filters UserID", filterArn=users)
    inference("Could not find filter", filterArn="arn:none")
    inference("Could not find solution version", solutionVersionArn="arn:none")
    inference("another than the input", jobOutput={"s3DataDestination": {"path": "s3://jobs/in/a.json"}})
    with pytest.raises(BatchJobError, match="needs a solution version of type USER_SEGMENTATION"):
        run_batch_segment_job(job(version), shop, shop, s3)
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="jobs")["Contents"]] == ["in/a.json"]


def test_the_group_of_the_solution_version_is_read(shop: PlantedResources, s3: Any) -> None:
    version = shop.train("p", "aws-popularity-count")
    s3.put_object(Bucket="jobs", Key="in/a.json", Body=b'{"userId": "u1"}')
    read: list[str] = []
    before = shop.bulk_interactions
    shop.bulk_interactions = lambda group: read.append(group) or before(group)  # type: ignore[method-assign, func-returns-value]
    run_batch_inference_job(job(version), shop, shop, s3)
    assert read == [GROUP]


def test_a_segment_job_ranks_all_users_for_an_item(shop: PlantedResources, s3: Any) -> None:
    version = shop.train("seg", "aws-item-affinity")
    s3.put_object(Bucket="jobs", Key="in/a.json", Body=b'{"itemId": "b2"}\n{"itemId": "unheard of"}')
    summary = run_batch_segment_job(job(version, numResults=5), shop, shop, s3)
    assert summary == BatchSummary(files=1, answered=1, failed=1)
    first, second = map(
        json.loads, s3.get_object(Bucket="jobs", Key="out/a.json.out")["Body"].read().splitlines()
    )
    # Nobody takes an item twice in this data, so those who had it are not the likeliest to take it next.
    had = set(shop.bulk.filter(pc.equal(shop.bulk["ITEM_ID"], "b2"))["USER_ID"].to_pylist())
    assert len(set(first["output"]["usersList"]) - had) == 5
    assert "unheard of" in second["error"]
