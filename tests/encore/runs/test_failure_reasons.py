"""Why a run's tasks have failed: what each leaves behind, and what the end of the run makes of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from encore.runs import failure_reasons
from encore.runs.failure_reasons import Failure

RUN = "http://airflow/dags/d/runs/r"


class Run:
    """Tasks of one run that fail, and one at its end that looks at them."""

    def __init__(self) -> None:
        self.reasons: dict[tuple[str, int], dict] = {}
        self.states: dict[str, str] = {}

    def fail(self, task, error=None, index=-1, label=None, ended=False):
        self.states[task if index < 0 else f"{task}_{index}"] = "failed"
        ti = SimpleNamespace(
            task_id=task,
            log_url=f"{RUN}/tasks/{task}",
            rendered_map_index=label,
            xcom_push=lambda key, value: self.reasons.__setitem__((task, index), value),
        )
        if not ended:
            failure_reasons.keep_reason({"ti": ti, "exception": error})

    @property
    def context(self):
        ti = SimpleNamespace(
            dag_id="d",
            run_id="r",
            log_url=f"{RUN}/tasks/record",
            get_task_states=lambda dag_id, run_ids: {"r": self.states},
            xcom_pull=lambda task_ids, map_indexes, key: self.reasons.get((task_ids, map_indexes)),
        )
        tasks = [
            SimpleNamespace(task_id=task, is_teardown=False)
            for task in ("preflight", "check_2", "solution.train")
        ]
        return {"ti": ti, "dag": SimpleNamespace(tasks=tasks)}


def test_each_failed_task_has_its_reason_and_its_log_and_a_mapped_one_its_solution():
    run = Run()
    run.fail("preflight", AirflowFailException("The bucket shop\nis missing: make it."))
    run.fail("check_2", ValueError("3 rows"))
    run.fail("solution.train", AirflowFailException("Too few users."), index=1, label="mine")
    assert failure_reasons.failures(run.context) == [
        Failure("check_2", "ValueError: 3 rows", f"{RUN}/tasks/check_2"),
        Failure("preflight", "The bucket shop is missing: make it.", f"{RUN}/tasks/preflight"),
        Failure("solution.train", "Too few users.", f"{RUN}/tasks/solution.train", "mine"),
    ]


def test_of_a_task_that_was_ended_from_outside_the_run_is_linked():
    run = Run()
    run.fail("preflight", ended=True)
    assert failure_reasons.failures(run.context) == [Failure("preflight", failure_reasons.ENDED, RUN)]


@pytest.mark.parametrize("error", [ValueError("x" * 5000), AirflowFailException("y " * 5000), KeyError()])
def test_a_reason_is_never_long_and_never_empty(error):
    assert 0 < len(failure_reasons.reason_of(error)) <= failure_reasons.LONGEST


def test_a_solution_has_suffered_from_its_own_tasks_or_else_from_those_that_serve_all():
    import_, train = Failure("import", "No.", "l"), Failure("train", "No.", "l", "mine")
    assert failure_reasons.of_solution([import_, train], ("mine", "campaign")) == [train]
    assert failure_reasons.of_solution([import_, train], ("other",)) == [import_]
    assert failure_reasons.of_solution([train], ("other",)) == []
