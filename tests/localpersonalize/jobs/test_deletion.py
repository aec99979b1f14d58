"""What goes with a resource."""

from __future__ import annotations

from localpersonalize.jobs.deletion import delete
from tests.support.localpersonalize.in_process import InProcessService


def test_a_solution_takes_its_versions_and_their_models_along(service: InProcessService) -> None:
    solution = service.solution(service.group())
    version = service.version(solution)
    folder = service.context.model_folder(version)
    folder.mkdir(parents=True)
    delete(service.context, service.job("delete", solution, kind="Solution"))
    assert not service.context.resources.exists(solution)
    assert not service.context.resources.exists(version)
    assert not folder.exists()


def test_a_dataset_takes_its_data_along(service: InProcessService) -> None:
    dataset = service.interactions(service.group())
    service.context.database.add_events(dataset, [{"USER_ID": "u1"}])
    folder = service.context.tables.version_folder(dataset, "v")
    folder.mkdir(parents=True)
    delete(service.context, service.job("delete", dataset, kind="Dataset"))
    assert service.context.database.events(dataset) == []
    assert not folder.parent.exists()
