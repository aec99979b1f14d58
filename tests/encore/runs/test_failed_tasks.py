"""The end of a failed run: its teardowns fail beside what failed, so that both are cleared together."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.exceptions import PersonalizeError
from encore.runs.failed_tasks import FailedTask, fail_beside, failed_tasks, remember_error

ERRORS = {("train", -1): "too few rows", ("solution.train", 1): "too few users"}


def context(states):
    ti = SimpleNamespace(
        dag_id="d",
        run_id="r",
        log_url="http://airflow/dags/d/runs/r/tasks/record?try_number=2",
        get_task_states=lambda dag_id, run_ids: {"r": states},
        xcom_pull=lambda task_ids, key, map_indexes: ERRORS.get((task_ids, map_indexes)),
    )
    names = ("record", "train", "solution.train")
    tasks = [SimpleNamespace(task_id=name, is_teardown=name == "record") for name in names]
    return {"ti": ti, "dag": SimpleNamespace(tasks=tasks)}


@pytest.mark.parametrize(
    ("states", "failed"),
    [
        ({}, []),
        ({"train": "success", "record": "failed"}, []),
        ({"train": "failed", "gate": "upstream_failed", "record": "failed"}, ["train"]),
        ({"solution.train_1": "failed", "train": "skipped"}, ["solution.train[1]"]),
    ],
)
def test_a_teardown_is_not_what_failed(states, failed):
    assert [task.label for task in failed_tasks(context(states))] == failed


def test_a_teardown_fails_beside_what_failed_and_only_then():
    fail_beside([])
    with pytest.raises(
        AirflowFailException, match=r"the run has failed \(gate, train\): clear the failed tasks"
    ):
        fail_beside([FailedTask("gate", "", ""), FailedTask("train", "", "")])


def test_each_failed_task_has_its_error_and_the_page_of_its_log():
    states = {"train": "failed", "solution.train_1": "failed", "solution.train_2": "failed"}
    first, second, third = failed_tasks(context(states))
    assert first == FailedTask(
        "solution.train[1]", "too few users", "http://airflow/dags/d/runs/r/tasks/solution.train/mapped/1"
    )
    assert "its process was stopped" in second.error
    assert third == FailedTask("train", "too few rows", "http://airflow/dags/d/runs/r/tasks/train")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PersonalizeError("arn", "CREATE FAILED", "why"), "arn is CREATE FAILED. why"),
        (AirflowFailException("Choose FULL."), "Choose FULL."),
        (KeyError("x"), "KeyError: 'x'"),
        (ValueError("a" * 5_000), "ValueError: " + "a" * 988),
        (None, None),
    ],
)
def test_a_task_leaves_its_error_for_the_message(error, text):
    pushed = {}
    remember_error(
        {"ti": SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value})), "exception": error}
    )
    assert pushed.get("error") == text
