"""Tasks, without the process around them."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize.fault_injection import OF_JOB
from localpersonalize.jobs.task_request import TaskRequest
from localpersonalize.jobs.tasks import TASKS, TaskRefusedError
from tests.support.localpersonalize.in_process import InProcessService


def test_a_fault_can_be_asked_for_of_every_task_that_an_operation_begins() -> None:
    assert set(OF_JOB) - {"deploy"} == set(TASKS) - {"attribution report"}


def test_a_training_without_interactions_is_refused(service: InProcessService, tmp_path: Path) -> None:
    group = service.group()
    service.interactions(group)
    version = service.version(service.solution(group))
    details = {"model_folder": str(tmp_path / "model"), "previous_model": None}
    request = TaskRequest("train", version, tmp_path, service.context.clients, details)
    with pytest.raises(TaskRefusedError, match="has no interactions"):
        TASKS["train"](request, lambda _: None)
