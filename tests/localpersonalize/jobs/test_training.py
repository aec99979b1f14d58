"""Trainings: what their results and their ends lead to."""

from __future__ import annotations

import pytest

from localpersonalize.jobs.task_runner import TaskFailedError, TaskStoppedError
from localpersonalize.jobs.training import train
from tests.support.localpersonalize.in_process import InProcessService

RESULT = {"metrics": {"coverage": 0.5}, "baseline": {}, "training_hours": 0.1, "best_hyperparameters": None}


def test_a_trained_version_is_active_and_its_followers_are_updated(service: InProcessService) -> None:
    solution = service.solution(service.group())
    service.version(solution)
    follows = {"syncWithLatestSolutionVersion": True}
    latest = f"{solution}/$LATEST"
    campaign = service.create("Campaign", name="front", solutionVersionArn=latest, campaignConfig=follows)
    version = service.version(solution, active=False)
    train(service.context, service.job("train", version, RESULT))
    assert service.status(version) == "ACTIVE"
    assert service.queue.submitted[-1] == ("redeploy", campaign)
    latest = service.call("DescribeSolution", solutionArn=solution)["solution"]["latestSolutionVersion"]
    assert (latest["solutionVersionArn"], latest["status"]) == (version, "ACTIVE")


def test_an_update_starts_from_the_newest_model(service: InProcessService) -> None:
    solution = service.solution(service.group())
    trained = service.version(solution)
    updated = service.create("SolutionVersion", False, solutionArn=solution, trainingMode="UPDATE")
    train(service.context, service.job("train", updated, RESULT))
    ((_, details),) = service.tasks.ran
    assert details["previous_model"] == str(service.context.model_folder(trained))


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(TaskFailedError("No luck."), "CREATE FAILED"), (TaskStoppedError(), "CREATE STOPPED")],
)
def test_a_training_that_fails_or_is_stopped(
    service: InProcessService, outcome: Exception, status: str
) -> None:
    version = service.version(service.solution(service.group()), active=False)
    train(service.context, service.job("train", version, outcome))
    assert service.status(version) == status


@pytest.mark.parametrize(("before", "after"), [("ACTIVE", "ACTIVE"), ("CREATE STOPPING", "CREATE STOPPED")])
def test_what_a_kill_left_is_not_trained_again(service: InProcessService, before: str, after: str) -> None:
    version = service.version(service.solution(service.group()))
    service.context.database.change(version, status=before)
    train(service.context, service.job("train", version, RESULT))
    assert (service.status(version), service.tasks.ran) == (after, [])
