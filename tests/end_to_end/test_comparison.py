"""The comparison on the same users, through the real scheduler: an equal version is promoted, a worse one held."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from encore import history
from tests.end_to_end.pipeline_stack import RETRAIN, SHOP, PipelineStack, datasets, running_pipeline

PIPELINE: dict[str, Any] = {
    "dataset_groups": [
        {
            **SHOP,
            "datasets": datasets("interactions", "users"),
            "comparison": {"users": 500, "held_back_days": 3, "attribute": "gender"},
            "solutions": [
                {"name": "popular", "recipe": "aws-popularity-count"},
                {"name": "related", "recipe": "aws-sims"},
            ],
        }
    ]
}
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
HELD_BACK = [str(YESTERDAY - timedelta(days=days)) for days in (2, 1, 0)]


@pytest.fixture(scope="module")
def pipeline() -> Iterator[PipelineStack]:
    with running_pipeline(PIPELINE) as pipeline:
        pipeline.export()
        yield pipeline


@pytest.fixture(scope="module")
def first_run(pipeline) -> dict[str, str]:
    """The versions that the first run has put live: nothing was, to compare them with."""
    run = pipeline.good()
    assert run["tasks"]["hold_back"] == "success"
    assert {run["tasks"][f"solution.ask_live[{number}]"] for number in (0, 1)} == {"skipped"}
    return {name: pipeline.serves(name) for name in ("popular", "related")}


def recorded(pipeline: PipelineStack, run_id: str) -> dict[str, dict[str, Any]]:
    rows = history.read(pipeline.aws("s3"), "encore-shop", "shop")
    return {row["solution"]: row for row in rows if row["run_id"] == run_id}


def test_the_newest_days_are_not_imported_and_an_equal_version_is_promoted(pipeline, first_run):
    run = pipeline.good()
    for name, row in recorded(pipeline, run["dag_run_id"]).items():
        assert row["data_until"] == str(YESTERDAY - timedelta(days=3))
        comparison = json.loads(row["comparison"])
        assert comparison["days"] == HELD_BACK
        line = comparison["lines"][0]
        assert line["segment"] == "all users"
        assert line["users"] > 100
        assert line["means"]["live"] > 0
        assert line["intervals"]["live"]["difference"] == 0, "the same data gives the same model"
        assert (row["outcome"], row["live_version_arn"]) == ("promoted", first_run[name])
        assert "Not worse by more than 15%" in row["reason"]
        assert {"heavy", "light"} <= {entry["segment"].split()[0] for entry in comparison["lines"]}
    assert pipeline.serves("popular") != first_run["popular"]


def test_a_version_of_data_without_tastes_is_held(pipeline, first_run):
    live = pipeline.serves("popular")
    pipeline.sql(
        "UPDATE events SET product_id = 1 + floor(random() * 240) WHERE product_id IS NOT NULL"
        " AND happened_at AT TIME ZONE 'UTC' < (now() AT TIME ZONE 'UTC')::date - 3"
    )
    pipeline.export()
    run = pipeline.good({"solutions": ["popular"], "data_gate": "warn"})
    (row,) = recorded(pipeline, run["dag_run_id"]).values()
    assert row["outcome"] == "held"
    assert row["reason"].startswith("Worse: required is no loss of more than")
    assert json.loads(row["comparison"])["lines"][0]["intervals"]["live"]["high"] < 0
    assert pipeline.serves("popular") == live


def test_a_dry_run_says_what_the_comparison_will_cost(pipeline, first_run):
    run = pipeline.good({"dry_run": True})
    said = "\n".join(pipeline.airflow.xcom(RETRAIN, run["dag_run_id"], "dry_run")["lines"])
    assert "the newest 3 exported days are not imported" in said
    assert "comparison popular" in said
    assert "thousand answers" in said
