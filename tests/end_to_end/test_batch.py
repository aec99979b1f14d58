"""Batch jobs through the real scheduler: asked out of PostgreSQL, answered in S3, and back in PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.pipeline_stack import SHOP, PipelineStack, datasets, running_pipeline

BATCH = "batch_recommendations"
PIPELINE: dict[str, Any] = {
    "dataset_groups": [
        {
            **SHOP,
            "datasets": datasets("interactions", "users", "items"),
            "solutions": [
                {"name": "popular", "recipe": "aws-popularity-count"},
                {"name": "related", "recipe": "aws-sims"},
            ],
            "filters": [
                {"name": "no_lamps", "expression": 'EXCLUDE ItemID WHERE Items.CATEGORY IN ("lighting")'}
            ],
            "batch": {
                "jobs": [
                    {"name": "for_you", "solution": "popular", "num_results": 5, "table": "for_you"},
                    {
                        "name": "alike",
                        "solution": "related",
                        "num_results": 4,
                        "table": "public.alike",
                        "filter": "no_lamps",
                    },
                    {
                        "name": "fans",
                        "kind": "segments",
                        "recipe": "aws-item-affinity",
                        "num_results": 3,
                        "table": "fans",
                    },
                ]
            },
        },
    ]
}


@pytest.fixture(scope="module")
def pipeline() -> Iterator[PipelineStack]:
    with running_pipeline(PIPELINE) as pipeline:
        pipeline.export()
        pipeline.good()
        yield pipeline


def run(pipeline: PipelineStack, **params: Any) -> dict[str, Any]:
    done = pipeline.run(BATCH, params)
    for task, state in done["tasks"].items():
        assert state != "failed", f"{task}: {pipeline.log(BATCH, done['dag_run_id'], task)[-3000:]}"
    assert done["state"] == "success", done
    return done


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(pipeline):
    before = pipeline.store()
    done = run(pipeline, dry_run=True)
    assert pipeline.store() == before
    assert set(done["tasks"].values()) <= {"success", "skipped"}
    said = "\n".join(pipeline.airflow.xcom(BATCH, done["dag_run_id"], "dry_run")["lines"])
    assert "for_you: 300 lines of input" in said
    assert f"asks {pipeline.serves('popular')}: campaign popular serves it" in said
    assert "would train solution fans (aws-item-affinity)" in said
    assert pipeline.rows("SELECT to_regclass('for_you')") == [(None,)]


def test_users_and_items_get_rows_of_the_live_version_and_readers_never_see_half_of_them(pipeline):
    done = run(pipeline, batches=["for_you", "alike"])
    assert done["tasks"]["batch_fans.input"] == "skipped"
    summary = pipeline.airflow.xcom(BATCH, done["dag_run_id"], "batch_for_you.answers")
    assert (summary["lines"], summary["answered"], summary["failed"], summary["missing"]) == (300, 300, 0, 0)
    request = pipeline.airflow.xcom(BATCH, done["dag_run_id"], "batch_for_you.version")
    assert request["solution_version_arn"] == pipeline.serves("popular")
    assert pipeline.rows("SELECT count(*), count(DISTINCT user_id), max(position) FROM for_you") == [
        (1500, 300, 5)
    ]
    at_once = pipeline.aws("personalize-runtime").get_recommendations(
        campaignArn=pipeline.campaign_arn("popular"), userId="1", numResults=5
    )
    in_bulk = pipeline.rows("SELECT item_id FROM for_you WHERE user_id = '1' ORDER BY position")
    assert [item for (item,) in in_bulk] == [entry["itemId"] for entry in at_once["itemList"]]
    (items, most) = pipeline.rows("SELECT count(DISTINCT item_id), max(position) FROM alike")[0]
    assert items > 200
    assert most == 4
    lamps = pipeline.rows("SELECT id::text FROM products WHERE 'lighting' = ANY(categories)")
    assert set(lamps) & set(pipeline.rows("SELECT item_id FROM alike"))
    assert not set(lamps) & set(pipeline.rows("SELECT related_item_id FROM alike"))

    counts: set[int] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            counts.add(pipeline.rows("SELECT count(*) FROM for_you")[0][0])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        run(pipeline, batches=["for_you"])
    finally:
        over.set()
        reader.join()
    assert counts == {1500}
    events = pipeline.airflow.get("/assets/events", source_dag_id=BATCH)["asset_events"]
    assert [
        event["extra"]["table"] for event in events if event["source_task_id"] == "batch_for_you.answers"
    ] == [
        "for_you",
        "for_you",
    ]


def test_segments_have_a_solution_of_their_own_that_is_trained_when_asked_for(pipeline):
    personalize = pipeline.aws("personalize")

    def versions() -> list[str]:
        result = next(entry for entry in personalize.list_solutions()["solutions"] if entry["name"] == "fans")
        listed = personalize.list_solution_versions(solutionArn=result["solutionArn"])
        return [entry["solutionVersionArn"] for entry in listed["solutionVersions"]]

    run(pipeline, batches=["fans"])
    trained = versions()
    assert len(trained) == 1
    assert pipeline.rows("SELECT max(position), count(*) > 300 FROM fans") == [(3, True)]
    people = pipeline.rows("SELECT count(*) FROM fans WHERE user_id NOT IN (SELECT id::text FROM customers)")
    assert people == [(0,)]
    done = run(pipeline, batches=["fans"], train=False)
    assert done["tasks"]["batch_fans.train"] == "skipped"
    assert versions() == trained


def test_what_goes_over_the_budget_is_asked_first_and_only_a_yes_is_paid_for(pipeline):
    (group,) = PIPELINE["dataset_groups"]
    pipeline.change({"dataset_groups": [{**group, "monthly_budget_usd": 0.01}]}, BATCH, "budget")

    def jobs() -> int:
        return len(pipeline.aws("personalize").list_batch_inference_jobs()["batchInferenceJobs"])

    before = jobs()
    refused = pipeline.start_run(BATCH, {"batches": ["for_you"]})
    question = pipeline.answer(refused, "Reject", BATCH)
    assert "a run of batch jobs goes over the month's budget. Shall it go on?" in question
    assert "of this month's 0.01 are spent; this run costs about 0.02." in question
    done = pipeline.finish(BATCH, refused)
    assert (done["state"], done["tasks"]["budget"]) == ("failed", "failed")
    assert done["tasks"]["batch_for_you.job"] == "upstream_failed"
    assert "nobody has approved that: nothing that costs was begun" in pipeline.log(BATCH, refused, "budget")
    assert jobs() == before

    approved = pipeline.start_run(BATCH, {"batches": ["for_you"]})
    pipeline.answer(approved, "Approve", BATCH)
    done = pipeline.finish(BATCH, approved)
    assert done["state"] == "success", done
    assert pipeline.airflow.xcom(BATCH, approved, "budget")["asked"] is True
    assert done["tasks"]["batch_for_you.answers"] == "success"
    assert jobs() == before + 1
