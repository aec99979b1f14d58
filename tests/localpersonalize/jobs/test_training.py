"""Trainings: what their results and their ends lead to."""

from __future__ import annotations

import pytest

from localpersonalize.jobs.task_runner import TaskFailedError, TaskStoppedError
from localpersonalize.jobs.training import train
from tests.support.localpersonalize.contexts import Desk

RESULT = {"metrics": {"coverage": 0.5}, "baseline": {}, "training_hours": 0.1, "best_hyperparameters": None}


def test_a_trained_version_is_active_and_its_followers_are_updated(desk: Desk) -> None:
    solution = desk.solution(desk.group())
    desk.version(solution)
    follows = {"syncWithLatestSolutionVersion": True}
    latest = f"{solution}/$LATEST"
    campaign = desk.create("Campaign", name="front", solutionVersionArn=latest, campaignConfig=follows)
    version = desk.version(solution, active=False)
    train(desk.context, desk.job("train", version, RESULT))
    assert desk.status(version) == "ACTIVE"
    assert desk.queue.submitted[-1] == ("redeploy", campaign)
    shown = desk.call("DescribeSolution", solutionArn=solution)["solution"]["latestSolutionVersion"]
    assert (shown["solutionVersionArn"], shown["status"]) == (version, "ACTIVE")


def test_an_update_starts_from_the_newest_model(desk: Desk) -> None:
    solution = desk.solution(desk.group())
    trained = desk.version(solution)
    updated = desk.create("SolutionVersion", False, solutionArn=solution, trainingMode="UPDATE")
    train(desk.context, desk.job("train", updated, RESULT))
    ((_, details),) = desk.tasks.ran
    assert details["previous_model"] == str(desk.context.model_folder(trained))


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(TaskFailedError("No luck."), "CREATE FAILED"), (TaskStoppedError(), "CREATE STOPPED")],
)
def test_a_training_that_fails_or_is_stopped(desk: Desk, outcome: Exception, status: str) -> None:
    version = desk.version(desk.solution(desk.group()), active=False)
    train(desk.context, desk.job("train", version, outcome))
    assert desk.status(version) == status


@pytest.mark.parametrize(("before", "after"), [("ACTIVE", "ACTIVE"), ("CREATE STOPPING", "CREATE STOPPED")])
def test_what_a_kill_left_is_not_trained_again(desk: Desk, before: str, after: str) -> None:
    version = desk.version(desk.solution(desk.group()))
    desk.context.database.change(version, status=before)
    train(desk.context, desk.job("train", version, RESULT))
    assert (desk.status(version), desk.tasks.ran) == (after, [])
