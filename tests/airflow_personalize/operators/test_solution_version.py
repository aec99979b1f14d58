"""Trainings: once whatever happens to the task; stopped by an operator or a person, and else left alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred

from airflow_personalize.exceptions import PersonalizeError
from airflow_personalize.operators.solution import (
    PersonalizeCreateSolutionOperator,
)
from airflow_personalize.operators.solution_version import (
    PersonalizeCreateSolutionVersionOperator,
    PersonalizeStopSolutionVersionOperator,
)
from airflow_personalize.triggers import PersonalizeWaitTrigger
from tests.support.operator_runs import Task
from tests.support.resources import WAIT, requests
from tests.support.stub_client import ARN, client

__all__ = ["client"]

HRNN = "arn:aws:personalize:::recipe/aws-hrnn"


def train(**arguments: Any) -> PersonalizeCreateSolutionVersionOperator:
    return PersonalizeCreateSolutionVersionOperator(
        task_id="t", solution_arn=f"{ARN}solution/s", waiter_delay=0.01, **arguments
    )


def test_a_training_is_stopped_when_its_task_is_killed_while_it_waits(client):
    operator = train(deferrable=True)
    client.create_solution_version.return_value = {"solutionVersionArn": f"{ARN}solution/s/1"}
    client.describe_solution_version.return_value = {"solutionVersion": {"status": "CREATE IN_PROGRESS"}}
    task = Task("t")
    task.ti.try_number = 1
    client.get_paginator.return_value.paginate.return_value = [{"solutionVersions": []}]
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(task.context)
    assert isinstance(deferred.value.trigger, PersonalizeWaitTrigger)
    assert deferred.value.trigger.stop_on_kill == f"{ARN}solution/s/1"
    operator.on_kill()
    client.stop_solution_version_creation.assert_called_once_with(solutionVersionArn=f"{ARN}solution/s/1")


def test_a_training_is_left_alone_if_the_operator_says_so(client):
    operator = train(deferrable=True, stop_on_kill=False)
    client.create_solution_version.return_value = {"solutionVersionArn": f"{ARN}solution/s/1"}
    client.describe_solution_version.return_value = {"solutionVersion": {"status": "CREATE IN_PROGRESS"}}
    task = Task("t")
    task.ti.try_number = 1
    client.get_paginator.return_value.paginate.return_value = [{"solutionVersions": []}]
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(task.context)
    assert deferred.value.trigger.stop_on_kill is None
    operator.on_kill()
    client.stop_solution_version_creation.assert_not_called()


def slow(trained, **arguments) -> PersonalizeCreateSolutionVersionOperator:
    """A training that lasts longer than stopping it."""
    solution = Task().run(
        PersonalizeCreateSolutionOperator(
            task_id="solution",
            solution_name="slow",
            dataset_group_arn=trained.group(),
            recipe_arn=HRNN,
            solution_config={"algorithmHyperParameters": {"hidden_dimension": "256"}},
            **WAIT,
        )
    )
    return PersonalizeCreateSolutionVersionOperator(task_id="train", solution_arn=solution, **arguments)


def status(service, version: str) -> str:
    client = service.client("personalize")
    return client.describe_solution_version(solutionVersionArn=version)["solutionVersion"]["status"]


def test_an_operator_stops_a_running_training_and_waits_for_its_end(service, trained):
    version = Task("train").run(slow(trained, wait_for_completion=False, deferrable=False))
    stop = PersonalizeStopSolutionVersionOperator(task_id="stop", solution_version_arn=version, **WAIT)
    assert Task("stop").run(stop) == version
    assert status(service, version) == "CREATE STOPPED"


def test_a_person_who_clears_a_waiting_training_stops_it_and_the_next_try_trains_anew(service, trained):
    operator, task = slow(trained, **WAIT), Task("train", map_index=1)
    task.ti.try_number = 1
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(task.context)
    stopped = deferred.value.trigger.stop_on_kill
    asyncio.run(deferred.value.trigger.on_kill())
    with pytest.raises(PersonalizeError, match="CREATE STOP"):
        operator.execute_complete(task.context, _event_of(deferred.value.trigger))
    task.clear()
    task.ti.try_number = 2
    with pytest.raises(TaskDeferred) as repeated:
        operator.execute(task.context)
    assert repeated.value.trigger.stop_on_kill != stopped
    asyncio.run(repeated.value.trigger.on_kill())


def _event_of(trigger) -> dict:
    async def wait():
        return await anext(trigger.run())

    return asyncio.run(wait()).payload


def test_a_training_that_has_ended_is_not_stopped(trained, service):
    version = Task("train", map_index=30).run(trained.version())
    stop = PersonalizeStopSolutionVersionOperator(task_id="stop", solution_version_arn=version, **WAIT)
    assert Task().run(stop) == version


def test_each_try_finds_what_an_earlier_one_started(service, trained):
    operator, task = trained.version(), Task("train", map_index=3)
    first = task.run(operator)
    before = requests(service)
    assert task.run(operator) == first
    task.store.clear()  # the name is the truth, not Airflow's memory
    assert task.run(operator) == first
    assert requests(service)["CreateSolutionVersion"] == before["CreateSolutionVersion"]


def test_each_mapped_task_trains_a_version_of_its_own(service, trained):
    assert Task("train", map_index=11).run(trained.version()) != Task("train", map_index=12).run(
        trained.version()
    )


def test_clearing_a_task_that_succeeded_does_its_work_again(service, trained):
    operator, task = trained.version(), Task("train", map_index=4)
    first = task.run(operator)
    task.clear()
    second = task.run(operator)
    assert second != first
    assert task.run(operator) == second
    description = service.client("personalize").describe_solution_version(solutionVersionArn=second)
    assert description["solutionVersion"]["name"].endswith("-4-r1")


def test_clearing_a_task_that_has_not_succeeded_goes_on_with_its_job(service, trained):
    operator, task = trained.version(wait_for_completion=False, deferrable=False), Task("train", map_index=5)
    operator.completed = lambda context, arn: arn  # the worker dies before it can say that it is done
    first = task.run(operator)
    task.clear()
    assert task.run(trained.version()) == first
