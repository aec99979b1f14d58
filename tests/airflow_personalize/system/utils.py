"""What Airflow's own system tests share, in the same shape: `SystemTestContextBuilder`, `watcher`, `get_test_run`.

Upstream they are in `system.amazon.aws.utils` and `tests_common.test_utils`, which no package ships: a DAG of this
folder goes upstream by changing where it imports these names from.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk import DAG, TriggerRule, task

ENV_ID_ENVIRON_KEY = "SYSTEM_TESTS_ENV_ID"


class SystemTestContextBuilder:
    """Collects the names of what a test needs from outside; `build` gives the task that reads them."""

    def __init__(self) -> None:
        self.variables: list[str] = []

    def add_variable(self, variable_name: str) -> SystemTestContextBuilder:
        self.variables.append(variable_name)
        return self

    def build(self) -> Callable[[], Any]:
        variables = self.variables

        @task(task_id="variable_fetcher")
        def variable_fetcher() -> dict[str, str]:
            names = [ENV_ID_ENVIRON_KEY, *variables]
            if missing := [name for name in names if not os.environ.get(name)]:
                raise ValueError(f"Set {', '.join(missing)} in the environment of the test.")
            return {
                "ENV_ID": os.environ[ENV_ID_ENVIRON_KEY],
                **{name: os.environ[name] for name in variables},
            }

        return variable_fetcher


@task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
def watcher() -> None:
    """Fails if any task upstream has failed: a teardown that succeeds would hide it."""
    raise RuntimeError("Failing because one of the upstream tasks failed.")


def get_test_run(dag: DAG) -> Callable[[], None]:
    """The DAG as a test, run where `SYSTEM_TESTS_ENV_ID` names an environment to run it in."""

    @pytest.mark.long
    @pytest.mark.skipif(ENV_ID_ENVIRON_KEY not in os.environ, reason=f"{ENV_ID_ENVIRON_KEY} is not set")
    def test_run() -> None:
        run = dag.test()
        assert run is not None
        assert run.state == "success"

    return test_run
