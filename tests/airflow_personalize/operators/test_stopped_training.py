"""A training that is really running, stopped: by its operator, and by a person; the next try trains anew."""

from __future__ import annotations

import asyncio

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
from tests.support.operator_runs import Task
from tests.support.resources import WAIT

HRNN = "arn:aws:personalize:::recipe/aws-hrnn"


def slow(trained, **arguments) -> PersonalizeCreateSolutionVersionOperator:
    """A training that lasts longer than stopping it."""
    solution = Task().run(
        PersonalizeCreateSolutionOperator(
            task_id="solution", solution_name="slow", dataset_group_arn=trained.group(), recipe_arn=HRNN,
            solution_config={"algorithmHyperParameters": {"hidden_dimension": "256"}}, **WAIT,
        )
    )  # fmt: skip
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
    with pytest.raises(TaskDeferred) as again:
        operator.execute(task.context)
    assert again.value.trigger.stop_on_kill != stopped
    asyncio.run(again.value.trigger.on_kill())


def _event_of(trigger) -> dict:
    async def wait():
        return await anext(trigger.run())

    return asyncio.run(wait()).payload
