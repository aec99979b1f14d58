"""The same questions on a faster level: operators without a scheduler, on a bad network, killed at the worst moments.

Hypothesis draws what happens, and shrinks what fails to the shortest list of steps. One service serves all examples;
each has a solution and a campaign of its own.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from airflow_personalize import idempotency
from airflow_personalize.exceptions import PersonalizeError
from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from airflow_personalize.operators.solution import PersonalizeCreateSolutionOperator
from airflow_personalize.operators.solution_version import PersonalizeCreateSolutionVersionOperator
from tests.support import faulty_proxy
from tests.support.operator_runs import Task, connection
from tests.support.personalize_service import client, schema, service, service_address
from tests.support.resources import POPULAR, WAIT, DatasetGroupResources

__all__ = ["schema", "service", "service_address"]
pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

TROUBLES = (
    faulty_proxy.THROTTLE,
    faulty_proxy.FAIL,
    faulty_proxy.DROP_BEFORE,
    faulty_proxy.DROP_AFTER,
)
SHARE_OF_REQUESTS = 0.3
MOST_TRIES = 6
NUMBERS = itertools.count(1)


class KilledError(BaseException):
    """SIGKILL for the worker: nothing of the try goes on."""


class FragileTask(Task):
    """A task whose tries may be killed: before it has written down what it started, after that, or when it defers."""

    def __init__(self, task_id: str, number: int) -> None:
        super().__init__(task_id, run_id=f"run-{number}")
        self.kills: list[str] = []
        write = self.store.set

        def set_or_die(key: str, value: Any) -> None:
            if self._dies("before writing"):
                raise KilledError
            write(key, value)
            if self._dies("after writing"):
                raise KilledError

        self.store.set = set_or_die  # type: ignore[method-assign]

    def _dies(self, moment: str) -> bool:
        if self.kills and self.kills[0] == moment:
            self.kills.pop(0)
            return True
        return False

    def finish(self, operator: Any, kills: list[str]) -> str:
        """Tries until one succeeds, as Airflow and a person make them."""
        self.kills = list(kills)
        for _ in range(MOST_TRIES + len(kills)):
            try:
                return str(self._try(operator))
            except (KilledError, BotoCoreError, ClientError, PersonalizeError):
                continue
        raise AssertionError("no try has succeeded")

    def _try(self, operator: Any) -> Any:
        if self._dies("when it defers"):
            self.ti.try_number += 1
            try:
                return operator.execute(self.context)
            except TaskDeferred:
                raise KilledError from None
        return self.run(operator)


KILLS = st.lists(st.sampled_from(["before writing", "after writing", "when it defers"]), max_size=2)


@pytest.fixture
def network(service, monkeypatch) -> Iterator[faulty_proxy.Proxy]:
    monkeypatch.setattr(idempotency, "FIRST_REQUEST_PAUSE", 0.02)
    monkeypatch.setattr(idempotency, "LONGEST_REQUEST_PAUSE", 0.2)
    with faulty_proxy.proxy(service.address) as made:
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(made.address))
        yield made


def test_however_tries_end_each_run_trains_once_and_moves_the_campaign_once(service, network, schema):
    group = DatasetGroupResources("resilient", schema)
    Task("import").run(group.import_())
    personalize = client(service.address, "personalize")

    class Retrainings(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            network.reset()
            self.name = f"resilient-{next(NUMBERS)}"
            self.solution = Task().run(
                PersonalizeCreateSolutionOperator(
                    task_id="solution",
                    solution_name=self.name,
                    dataset_group_arn=group.group(),
                    recipe_arn=POPULAR,
                    **WAIT,
                )
            )
            self.versions: list[str] = []
            self.trained: list[FragileTask] = []
            self.live: str | None = None
            self.moves = 0
            network.reset()

        @rule(trouble=st.sampled_from([None, *TROUBLES]), seed=st.integers(0, 99))
        def change_the_network(self, trouble: str | None, seed: int) -> None:
            draw = random.Random(seed)
            network.plan = lambda number, operation: trouble if draw.random() < SHARE_OF_REQUESTS else None

        @precondition(lambda self: len(self.versions) < 4)
        @rule(kills=KILLS)
        def train(self, kills: list[str]) -> None:
            task = FragileTask("train", next(NUMBERS))
            self.versions.append(task.finish(self._version(), kills))
            self.trained.append(task)

        @precondition(lambda self: self.trained and len(self.versions) < 4)
        @rule(kills=KILLS)
        def clear_a_training_that_has_succeeded(self, kills: list[str]) -> None:
            task = self.trained[-1]
            task.clear()
            self.versions.append(task.finish(self._version(), kills))

        @precondition(lambda self: self.versions)
        @rule(kills=KILLS, data=st.data())
        def promote(self, kills: list[str], data: st.DataObject) -> None:
            version = data.draw(st.sampled_from(self.versions))
            operator = PersonalizeCreateOrUpdateCampaignOperator(
                task_id="campaign", campaign_name=self.name, solution_version_arn=version, **WAIT
            )
            FragileTask("campaign", next(NUMBERS)).finish(operator, kills)
            self.moves += version != self.live
            self.live = version

        def _version(self) -> PersonalizeCreateSolutionVersionOperator:
            return PersonalizeCreateSolutionVersionOperator(
                task_id="train", solution_arn=self.solution, **WAIT
            )

        def teardown(self) -> None:
            network.plan = lambda number, operation: None
            pages = personalize.get_paginator("list_solution_versions").paginate(solutionArn=self.solution)
            made = [version for page in pages for version in page["solutionVersions"]]
            assert sorted(version["solutionVersionArn"] for version in made) == sorted(self.versions)
            assert {version["status"] for version in made} <= {"ACTIVE"}
            assert network.done["CreateCampaign"] + network.done["UpdateCampaign"] == self.moves
            campaigns = personalize.list_campaigns(solutionArn=self.solution)["campaigns"]
            assert len(campaigns) == (self.live is not None)
            for campaign in campaigns:
                about = personalize.describe_campaign(campaignArn=campaign["campaignArn"])["campaign"]
                assert about["solutionVersionArn"] == self.live
                personalize.delete_campaign(campaignArn=campaign["campaignArn"])

    run_state_machine_as_test(
        Retrainings,
        settings=settings(
            max_examples=12, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
