"""Training a version: once, whatever happens to the task."""

from __future__ import annotations

from tests.support.operator_runs import Task
from tests.support.resources import requests


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
    described = service.client("personalize").describe_solution_version(solutionVersionArn=second)
    assert described["solutionVersion"]["name"].endswith("-4-r1")


def test_clearing_a_task_that_has_not_succeeded_goes_on_with_its_job(service, trained):
    operator, task = trained.version(wait_for_completion=False, deferrable=False), Task("train", map_index=5)
    operator.completed = lambda context, arn: arn  # the worker dies before it can say that it is done
    first = task.run(operator)
    task.clear()
    assert task.run(trained.version()) == first
