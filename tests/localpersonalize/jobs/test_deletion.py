"""What goes with a resource."""

from __future__ import annotations

from localpersonalize.jobs.deletion import delete
from tests.support.localpersonalize.contexts import Desk


def test_a_solution_takes_its_versions_and_their_models_along(desk: Desk) -> None:
    solution = desk.solution(desk.group())
    version = desk.version(solution)
    folder = desk.context.model_folder(version)
    folder.mkdir(parents=True)
    delete(desk.context, desk.job("delete", solution, kind="Solution"))
    assert not desk.context.resources.exists(solution)
    assert not desk.context.resources.exists(version)
    assert not folder.exists()


def test_a_dataset_takes_its_data_along(desk: Desk) -> None:
    dataset = desk.interactions(desk.group())
    desk.context.database.add_events(dataset, [{"USER_ID": "u1"}])
    folder = desk.context.tables.version_folder(dataset, "v")
    folder.mkdir(parents=True)
    delete(desk.context, desk.job("delete", dataset, kind="Dataset"))
    assert desk.context.database.events(dataset) == []
    assert not folder.parent.exists()
