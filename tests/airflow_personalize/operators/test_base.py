"""Throttling, errors and lost answers between the operators and the service: nothing fails, nothing is made twice."""

from __future__ import annotations

import pytest

from airflow_personalize import idempotency
from airflow_personalize.operators.solution_version import PersonalizeGetSolutionMetricsOperator
from tests.support.faulty_proxy import every_third, lose_first_answer, proxy
from tests.support.operator_runs import Task, connection
from tests.support.resources import DatasetGroupResources


@pytest.fixture
def network(service, monkeypatch):
    monkeypatch.setattr(idempotency, "FIRST_REQUEST_PAUSE", 0.05)
    with proxy(service.address) as made:
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(made.address))
        yield made


def test_a_night_with_trouble_at_every_third_request_makes_everything_once(service, network, schema):
    network.plan = every_third()
    resources = DatasetGroupResources("troubled", schema)
    Task("import").run(resources.import_())
    version = Task("train").run(resources.version())
    Task().run(resources.campaign(version))
    Task("train", map_index=1).run(resources.version())
    Task().run(PersonalizeGetSolutionMetricsOperator(task_id="metrics", solution_version_arn=version))
    assert sum(network.troubles.values()) >= 10
    assert {name: count for name, count in network.done.items() if name.startswith(("Create", "Update"))} == {
        "CreateDatasetGroup": 1,
        "CreateSchema": 1,
        "CreateDataset": 1,
        "CreateDatasetImportJob": 1,
        "CreateSolution": 1,
        "CreateSolutionVersion": 2,
        "CreateCampaign": 1,
    }


def test_lost_answers_are_looked_for_and_not_asked_for_again(network, trained):
    created = ("CreateDatasetImportJob", "CreateSolutionVersion", "CreateCampaign", "UpdateCampaign")
    network.plan = lose_first_answer(*created)
    Task("import_lost").run(trained.import_())
    one, two = (Task("train_lost", map_index=index).run(trained.version()) for index in (1, 2))
    resources = DatasetGroupResources("lost", trained.schema)
    Task().run(resources.campaign(one))
    Task().run(resources.campaign(two))
    assert network.troubles["drop after"] == 4
    assert [network.done[operation] for operation in created] == [1, 2, 1, 1]
