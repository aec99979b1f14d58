"""When versions can be compared on the same users, and when that would not be fair."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from encore import history
from encore.comparison import read
from encore.comparison.held_back import Interactions
from encore.operators import hold_back
from encore.operators.hold_back import PersonalizeHoldBackOperator
from encore.runs.import_days import hold_back as days_to_hold_back

ARN = "arn:aws:personalize:us-east-1:1:"
LIVE = f"{ARN}solution/popular/1"
GROUP = {
    "name": "shop",
    "role": "R",
    "bucket": "shop",
    "prefix": "shop",
    "datasets": {"interactions": {"schema": "i.json", "sql": "i.sql"}},
    "comparison": {"held_back_days": 1, "users": 50},
    "solutions": [
        {"name": "popular", "recipe": "aws-popularity-count"},
        {"name": "trending", "recipe": "aws-trending-now"},
    ],
}


class Service:
    """A group whose first solution is live since a moment, with or without an event tracker."""

    def __init__(self, trackers=(), created=datetime(2026, 3, 9, 3, tzinfo=UTC)):
        self.trackers, self.created = list(trackers), created

    def get_paginator(self, operation):
        entries = {
            "list_event_trackers": [{"status": status} for status in self.trackers],
            "list_campaigns": [{"name": "popular", "campaignArn": f"{ARN}campaign/popular"}],
        }
        return SimpleNamespace(paginate=lambda **arguments: [{"entries": entries[operation]}])

    def describe_campaign(self, campaignArn):
        return {"campaign": {"status": "ACTIVE", "solutionVersionArn": LIVE}}

    def describe_solution_version(self, solutionVersionArn):
        return {"solutionVersion": {"creationDateTime": self.created}}


@pytest.fixture
def hold_back_result(monkeypatch):
    """What the operator finds, of a group with data up to 2026-03-09 that imports all but the last day."""

    def run(
        service=None, past=(), partitions=("2026-03-07", "2026-03-08"), days=("2026-03-09",), **arguments
    ):
        rows = [(f"u{number}", "tea", number) for number in range(80)]
        users, items, times = (np.array(column) for column in zip(*rows, strict=True))
        interactions = Interactions(users, items, times)
        monkeypatch.setattr(read, "days_after", lambda *arguments: list(days))
        monkeypatch.setattr(read, "imported", lambda *arguments: interactions)
        monkeypatch.setattr(read, "of_days", lambda *arguments: interactions)
        monkeypatch.setattr(history, "read", lambda *arguments, **options: list(past))
        operator = PersonalizeHoldBackOperator(
            task_id="hold_back",
            group=GROUP,
            dataset_group_arn=f"{ARN}dataset-group/shop",
            partitions=partitions and list(partitions),
            interactions="s3://shop/shop/imports/1/",
            **{"import_mode": "FULL", **arguments},
        )
        monkeypatch.setitem(vars(operator), "hook", SimpleNamespace(conn=service or Service()))
        stored = SimpleNamespace(put_object=lambda **request: None)
        monkeypatch.setattr(type(operator), "s3", stored, raising=False)
        return operator.execute({"ti": SimpleNamespace(run_id="manual__1")})

    return run


def trained_until(day):
    return {"solution_version_arn": LIVE, "data_until": day}


def test_the_days_after_the_import_decide(hold_back_result):
    result = hold_back_result(past=[trained_until("2026-03-08")])
    assert result["days"] == ["2026-03-09"]
    assert result["users"] == 50
    assert result["solutions"]["popular"] == {
        "live": LIVE,
        "input": f"{result['location']}{hold_back._input(['user_id'])}",
        "why_not": None,
    }


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"import_mode": "INCREMENTAL"}, "incremental"),
        ({"partitions": None}, "No day"),
        ({"days": ()}, "No day"),
        ({"service": Service(trackers=["ACTIVE"])}, "event tracker"),
    ],
)
def test_there_is_no_comparison_where_the_service_may_know_the_days(hold_back_result, arguments, reason):
    result = hold_back_result(**arguments)
    assert reason in result["why_not"]
    assert "solutions" not in result


def test_a_live_version_that_was_trained_on_the_days_is_not_compared_with(hold_back_result):
    assert (
        "trained on days"
        in hold_back_result(past=[trained_until("2026-03-09")])["solutions"]["popular"]["why_not"]
    )
    # what the history does not say, its age does: it was made after the days began
    assert hold_back_result()["solutions"]["popular"]["why_not"]
    older = Service(created=datetime(2026, 3, 8, 23, tzinfo=UTC))
    assert hold_back_result(service=older)["solutions"]["popular"]["why_not"] is None


def test_a_recipe_without_batch_jobs_is_not_compared(hold_back_result):
    assert "answers no batch jobs" in hold_back_result()["solutions"]["trending"]["why_not"]


def test_newest_days_are_held_back_by_the_calendar_and_never_most_of_them():
    days = [f"2026-03-{day:02}" for day in range(1, 11)]
    assert days_to_hold_back(days, 2) == (days[:-2], days[-2:])
    without_ninth = [day for day in days if not day.endswith("09")]
    assert days_to_hold_back(without_ninth, 2) == (days[:-2], days[-1:])
    assert days_to_hold_back(days[:7], 1) == (days[:7], [])
    assert days_to_hold_back([], 1) == ([], [])
