"""What the stack does as a person would, without a stack."""

from __future__ import annotations

import pytest

from tests.resilience.stack import ResilienceStack


class Airflow:
    """Refuses as many requests as it is told to."""

    def __init__(self, refused: int) -> None:
        self.refused, self.bodies = refused, []

    def post(self, path, body):
        assert path == "/dags/retrain_recommenders/clearTaskInstances"
        self.bodies.append(body)
        if len(self.bodies) <= self.refused:
            raise RuntimeError("Airflow answered 500 to POST")


@pytest.fixture
def stack_of():
    def stack_of(refused):
        stack = object.__new__(ResilienceStack)
        stack.airflow = Airflow(refused)
        return stack

    return stack_of


@pytest.mark.parametrize("refused", [0, 1])
def test_a_refused_click_on_clear_is_made_once_more(stack_of, refused):
    stack = stack_of(refused)
    stack.clear("retrain_recommenders", {"dag_run_id": "1", "only_failed": True})
    assert stack.airflow.bodies == [{"dry_run": False, "dag_run_id": "1", "only_failed": True}] * (
        refused + 1
    )


def test_one_that_is_refused_twice_is_told(stack_of):
    with pytest.raises(RuntimeError, match="answered 500"):
        stack_of(2).clear("retrain_recommenders", {"dag_run_id": "1"})
