"""What a batch job has cost is recorded: its lines, and a training of its own that this run has done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from encore import batch_costs, history
from encore.config import INCLUDE
from encore.cost import Prices
from encore.operators.record_batch import PersonalizeRecordBatchOperator

BEGUN = datetime(2026, 3, 1, 4, tzinfo=UTC)
PRICES = Prices.load(INCLUDE / "prices.json")
GROUP = {
    "name": "shop",
    "role": "R",
    "bucket": "shop",
    "prefix": "p",
    "datasets": {"interactions": {"schema": "x", "sql": "x"}},
    "solutions": [{"name": "you", "recipe": "aws-user-personalization-v2"}],
    "batch": {
        "jobs": [
            {"name": "mail", "solution": "you"},
            {"name": "near", "recipe": "aws-sims"},
            {"name": "fans", "kind": "segments", "recipe": "aws-item-affinity"},
        ]
    },
}


class Bucket:
    """As much of S3 as is used."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict:
        return {"Body": SimpleNamespace(read=lambda: self.objects[Key])}

    def get_paginator(self, operation: str):
        contents = [{"Key": key, "LastModified": BEGUN} for key in self.objects]
        return SimpleNamespace(paginate=lambda **_: [{"Contents": contents}])


@pytest.fixture
def record(monkeypatch):
    """Record a job of a run; all that is recorded by then."""
    bucket = Bucket()

    def run(job: str, lines: int, trained: datetime = BEGUN - timedelta(days=1), run_id: str = "r"):
        version = {"creationDateTime": trained, "trainingHours": 3.0}
        operator = PersonalizeRecordBatchOperator(
            task_id="cost", group=GROUP, job=job, lines=str(lines), solution_version_arn="arn"
        )
        monkeypatch.setitem(vars(operator), "s3", bucket)
        monkeypatch.setattr(operator, "describe", lambda kind, **arguments: version)
        dag_run = SimpleNamespace(run_after=BEGUN, start_date=BEGUN)
        operator.execute({"dag_run": dag_run, "ti": SimpleNamespace(run_id=run_id)})
        return {row["job"]: row["usd"] for row in batch_costs.read(bucket, "shop", "p")}

    return run


def test_lines_are_priced_by_the_recipe(record):
    assert record("mail", 40_000)["mail"] == pytest.approx(40 * PRICES.batch_thousand_v2)
    assert record("near", 40_000)["near"] == pytest.approx(40 * PRICES.batch_thousand)


def test_a_training_counts_where_this_run_has_done_it(record):
    trained = 3.0 * PRICES.training_hour
    assert record("near", 1_000, BEGUN + timedelta(minutes=5))["near"] == pytest.approx(
        PRICES.batch_thousand + trained
    )


def test_segments_have_no_price_by_the_line(record):
    assert record("fans", 300)["fans"] is None  # nothing says how many users there are
    assert record("fans", 300, BEGUN + timedelta(minutes=5))["fans"] == pytest.approx(
        3.0 * PRICES.training_hour
    )


def test_segments_are_priced_by_the_users_of_the_last_import_where_the_price_is_set(record, monkeypatch):
    monkeypatch.setattr(history, "read", lambda *_, **__: [{"rows": {"users": 8_000, "interactions": 1}}])
    assert record("fans", 300)["fans"] is None  # the list that ships has no price for them
    monkeypatch.setattr(Prices, "load", lambda *_: replace(PRICES, segment_thousand_users=0.01))
    assert record("fans", 300)["fans"] == pytest.approx(300 * 8 * 0.01)


def test_a_run_that_is_done_again_replaces_its_record(record):
    record("mail", 1_000)
    assert record("mail", 2_000) == {"mail": pytest.approx(2 * PRICES.batch_thousand_v2)}
