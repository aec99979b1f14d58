"""What goes with a resource."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from localpersonalize.jobs.deletion import delete
from localpersonalize.jobs.task_runner import ServiceEndsError
from tests.support.localpersonalize.in_process import InProcessService


def test_a_solution_takes_its_versions_and_their_models_along(service: InProcessService) -> None:
    solution = service.solution(service.group())
    version = service.version(solution)
    folder = service.context.model_folder(version)
    folder.mkdir(parents=True)
    service.context.database.change(solution, status="DELETE PENDING")
    delete(service.context, service.job("delete", solution, kind="Solution"))
    assert not service.context.resources.exists(solution)
    assert not service.context.resources.exists(version)
    assert not folder.exists()


def test_a_dataset_takes_its_data_along(service: InProcessService) -> None:
    dataset = service.interactions(service.group())
    service.context.database.add_events(dataset, [{"USER_ID": "u1"}])
    folder = service.context.tables.version_folder(dataset, "v")
    folder.mkdir(parents=True)
    service.context.database.change(dataset, status="DELETE PENDING")
    delete(service.context, service.job("delete", dataset, kind="Dataset"))
    assert service.context.database.events(dataset) == []
    assert not folder.parent.exists()


def test_a_deletion_that_was_left_over_does_not_reach_a_newer_resource_of_the_name(
    service: InProcessService,
) -> None:
    dataset = service.interactions(service.group())
    service.context.database.add_events(dataset, [{"USER_ID": "u1"}])
    delete(service.context, service.job("delete", dataset, kind="Dataset"))
    assert service.status(dataset) == "ACTIVE"
    assert len(service.context.database.events(dataset)) == 1


def test_the_end_of_the_service_keeps_what_a_deletion_still_waits_to_delete(
    service: InProcessService,
) -> None:
    dataset = service.interactions(service.group())
    service.context.database.add_events(dataset, [{"USER_ID": "u1"}])
    service.context.database.change(dataset, status="DELETE PENDING")
    job = replace(service.job("delete", dataset, kind="Dataset"), earliest_end=time.monotonic() + 60)
    job.closing.set()
    with pytest.raises(ServiceEndsError):
        delete(service.context, job)
    assert service.status(dataset) == "DELETE IN_PROGRESS"
    assert len(service.context.database.events(dataset)) == 1
