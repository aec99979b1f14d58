"""Following a run: every change once, and a failure with its task, error and log."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from demo.progress import RunFailedError, follow


class Airflow:
    """Plays a run's states one after the other."""

    def __init__(self, *moments):
        self.moments = list(moments)

    def run(self, dag_id, run_id):
        return {"state": self.moments[0][0], "dag_run_id": run_id}

    def task_instances(self, dag_id, run_id):
        _, tasks = self.moments.pop(0) if len(self.moments) > 1 else self.moments[0]
        return [
            {
                "dag_id": dag_id,
                "dag_run_id": run_id,
                "task_id": name,
                "map_index": index,
                "state": state,
                "rendered_map_index": None,
                "try_number": 2,
                "start_date": None,
                "duration": 1.0,
            }
            for (name, index), state in tasks.items()
        ]

    def get(self, path, **query):
        detail = [
            {"exc_type": "ValueError", "exc_value": "row 7 [is] odd"},
            {"exc_type": "KeyError", "exc_value": "x"},
        ]
        return {"content": ["text", {"event": "failed", "error_detail": detail}]}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("demo.progress.time.sleep", lambda seconds: None)


def table_of(airflow) -> str:
    output = io.StringIO()
    follow(airflow, "nightly", "run-1", Console(file=output, width=120))
    return output.getvalue()


def test_each_change_is_shown_once():
    text = table_of(
        Airflow(
            ("running", {("import", -1): "running"}),
            ("running", {("import", -1): "running", ("train", 0): "deferred"}),
            ("success", {("import", -1): "success", ("train", 0): "success"}),
        )
    )
    assert text.count("import") == 2
    assert text.count("train [0]") == 2
    assert "waiting for the service" in text


def test_a_failed_task_is_named_with_its_error_and_log():
    airflow = Airflow(
        ("failed", {("import", -1): "success", ("train", 1): "failed", ("verify", 1): "upstream_failed"})
    )
    with pytest.raises(RunFailedError) as failed:
        follow(airflow, "nightly", "run-1", Console(file=io.StringIO()), log_folder="logs")
    (task,) = failed.value.tasks
    assert task.task == "train [1]"
    assert task.error == "ValueError: row 7 [is] odd"
    assert task.log == "logs/dag_id=nightly/run_id=run-1/task_id=train/map_index=1/attempt=2.log"


def test_a_dead_process_ends_the_waiting():
    def check():
        raise RuntimeError("scheduler ended")

    with pytest.raises(RuntimeError, match="scheduler ended"):
        follow(Airflow(("running", {})), "nightly", "run-1", Console(file=io.StringIO()), check)
