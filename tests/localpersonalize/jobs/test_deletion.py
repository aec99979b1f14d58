"""What goes with a resource."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from localpersonalize.jobs.deletion import VISIBLE_SECONDS, delete
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


def test_the_jobs_of_a_dataset_go_with_it_and_their_names_are_free(service: InProcessService) -> None:
    group = service.group()
    dataset, other = service.interactions(group), service.users(group)
    params = {"roleArn": "r", "dataSource": {"dataLocation": "s3://bucket/x"}}
    imports = [
        service.create("DatasetImportJob", jobName=f"j{n}", datasetArn=arn, **params)
        for n, arn in enumerate((dataset, dataset, other))
    ]
    target = {"s3DataDestination": {"path": "s3://bucket/out/"}}
    export = service.create(
        "DatasetExportJob", jobName="e", datasetArn=dataset, roleArn="r", jobOutput=target
    )
    service.context.database.change(dataset, status="DELETE PENDING")
    delete(service.context, service.job("delete", dataset, kind="Dataset"))
    assert [service.context.resources.exists(arn) for arn in (*imports, export)] == [
        False,
        False,
        True,
        False,
    ]


def test_what_was_made_of_a_solution_or_a_group_goes_with_it(service: InProcessService) -> None:
    group = service.group()
    solution = service.solution(group)
    version = service.version(solution)
    paths = {"s3DataSource": {"path": "s3://bucket/in"}}, {"s3DataDestination": {"path": "s3://bucket/out/"}}
    batch = service.create(
        "BatchInferenceJob",
        jobName="b",
        solutionVersionArn=version,
        jobInput=paths[0],
        jobOutput=paths[1],
        roleArn="r",
    )
    forgetting = service.create(
        "DataDeletionJob",
        jobName="d",
        datasetGroupArn=group,
        roleArn="r",
        dataSource={"dataLocation": "s3://bucket/x"},
    )
    for kind, arn in (("Solution", solution), ("DatasetGroup", group)):
        service.context.database.change(arn, status="DELETE PENDING")
        delete(service.context, service.job("delete", arn, kind=kind))
    for arn in (solution, version, batch, forgetting, group):
        assert not service.context.resources.exists(arn)


def test_a_dataset_made_again_begins_without_what_was_in_memory(service: InProcessService) -> None:
    group = service.group()
    dataset, engine = service.interactions(group), service.context.engine
    service.context.database.add_events(dataset, [{"USER_ID": "u1", "ITEM_ID": "i1", "TIMESTAMP": 1}])
    assert len(engine.data(group).histories.of("u1")) == 1
    service.context.database.change(dataset, status="DELETE PENDING")
    delete(service.context, service.job("delete", dataset, kind="Dataset"))
    engine.data_changed(group).result()
    assert len(engine.data(group).histories.of("u1")) == 0


def test_both_states_of_a_deletion_are_seen(service: InProcessService) -> None:
    """Whoever describes what it has just deleted finds it, as in the service."""
    group = service.group()
    service.context.database.change(group, status="DELETE PENDING")
    job = service.job("delete", group, kind="DatasetGroup")
    seen, deleting = set(), threading.Thread(target=delete, args=(service.context, job))
    deleting.start()
    while deleting.is_alive():
        seen.add(service.status(group))
        time.sleep(0.01)
    assert {"DELETE PENDING", "DELETE IN_PROGRESS"} <= seen
    assert not service.context.resources.exists(group)


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
    threading.Timer(1.5 * VISIBLE_SECONDS, job.closing.set).start()
    with pytest.raises(ServiceEndsError):
        delete(service.context, job)
    assert service.status(dataset) == "DELETE IN_PROGRESS"
    assert len(service.context.database.events(dataset)) == 1
