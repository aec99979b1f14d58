"""When a solution trains by itself."""

from __future__ import annotations

from typing import Any

from localpersonalize.resources.auto_training import is_due

HOUR, DAY, MADE = 3600, 86_400, 1_700_000_000.0


def solution(**more: Any) -> dict[str, Any]:
    return {"performAutoTraining": True, "status": "ACTIVE", "creationDateTime": MADE, **more}


def version(at: float) -> dict[str, Any]:
    return {"creationDateTime": at}


def test_the_first_training_begins_within_an_hour() -> None:
    assert not is_due(solution(), [], MADE + HOUR - 1)
    assert is_due(solution(), [], MADE + HOUR)


def test_the_next_when_the_schedule_has_passed_since_the_newest() -> None:
    weekly, two_daily = (
        solution(),
        solution(solutionConfig={"autoTrainingConfig": {"schedulingExpression": "rate(2 days)"}}),
    )
    versions = [version(MADE + DAY), version(MADE)]
    assert not is_due(weekly, versions, MADE + 8 * DAY - 1)
    assert is_due(weekly, versions, MADE + 8 * DAY)
    assert not is_due(two_daily, versions, MADE + 3 * DAY - 1)
    assert is_due(two_daily, versions, MADE + 3 * DAY)


def test_only_if_asked_for_and_active() -> None:
    assert not is_due(solution(performAutoTraining=False), [], MADE + DAY)
    assert not is_due(solution(status="CREATE IN_PROGRESS"), [], MADE + DAY)
