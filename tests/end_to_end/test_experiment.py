"""An A/B test through the real scheduler: the challenger wins, a person approves, and the loser's campaign goes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from encore.experiments.split import CHALLENGER, arm
from tests.end_to_end.pipeline_stack import SHOP, PipelineStack, datasets, running_pipeline

JUDGE = "judge_experiment"
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
EXPERIMENT = {
    "name": "home",
    "champion": "popular",
    "challenger": "other",
    "begin": str(YESTERDAY - timedelta(days=2)),
    "days": 3,
    "analyses": 1,
    "event_type": "purchase",
    "measure": "events",
    "keep_loser_days": 0,
}
PIPELINE: dict[str, Any] = {
    "dataset_groups": [
        {
            **SHOP,
            "datasets": datasets("interactions", "users"),
            "solutions": [
                {"name": "popular", "recipe": "aws-popularity-count"},
                {"name": "other", "recipe": "aws-popularity-count", "gate": {"baseline": "popular"}},
            ],
            "experiment": EXPERIMENT,
        }
    ]
}


@pytest.fixture(scope="module")
def pipeline() -> Iterator[PipelineStack]:
    with running_pipeline(PIPELINE) as pipeline:
        pipeline.export()
        pipeline.good({"promote": "promote"})
        yield pipeline


def document(pipeline: PipelineStack) -> dict[str, Any]:
    body = pipeline.aws("s3").get_object(Bucket="encore-shop", Key="shop/experiments/home.json")["Body"]
    return json.loads(body.read())


def campaigns(pipeline: PipelineStack) -> set[str]:
    """Their names, once none is being deleted."""
    deadline = time.monotonic() + 60
    while True:
        listed = pipeline.aws("personalize").list_campaigns()["campaigns"]
        if not any(entry["status"].startswith("DELETE") for entry in listed):
            return {entry["name"] for entry in listed}
        assert time.monotonic() < deadline, listed
        time.sleep(0.5)


def test_a_winner_is_approved_and_shown_to_all_and_the_loser_goes(pipeline):
    # The split in PostgreSQL's words: the first four bytes of SHA-256 below half of 2**32.
    pipeline.sql(
        "INSERT INTO events (id, customer_id, product_id, kind, happened_at)"
        " SELECT 1000000 + row_number() OVER (), id, 1 + id % 20, 'purchase', now() - interval '1 day'"
        " FROM customers WHERE ('x' || substr(encode(sha256(convert_to('home:' || id, 'UTF8')), 'hex'), 1, 8))"
        "::bit(32)::bigint < 2147483648"
    )
    buyers = {str(user) for (user,) in pipeline.rows("SELECT customer_id FROM events WHERE id > 1000000")}
    assert {arm("home", user, 0.5) for user in buyers} == {CHALLENGER}
    pipeline.export()
    run_id = pipeline.start_run(JUDGE)
    question = pipeline.answer(run_id, "Approve", JUDGE)
    assert "other has won home. Shall all users see it?" in question
    assert re.search(r"other wins: purchase .* a user with other", question)
    run = pipeline.finish(JUDGE, run_id)
    assert run["state"] == "success", run
    assert {
        task: run["tasks"][task] for task in ("judge", "approve", "end", "remove_loser")
    } == dict.fromkeys(("judge", "approve", "end", "remove_loser"), "success")
    ended = document(pipeline)
    assert (ended["state"], ended["winner"], ended["share"]) == ("ended", "challenger", 1)
    assert campaigns(pipeline) == {"other"}
    answer = pipeline.aws("personalize-runtime").get_recommendations(
        campaignArn=ended["campaigns"]["challenger"], userId="1"
    )
    assert answer["itemList"]


def test_the_loser_is_trained_no_more(pipeline):
    run = pipeline.good()
    plan = pipeline.airflow.xcom("retrain_recommenders", run["dag_run_id"], "validate_parameters")
    assert plan["solutions"] == ["other"]
    assert campaigns(pipeline) == {"other"}
