"""Throttling, errors and lost answers between the operators and the service: nothing fails, nothing is made twice."""

from __future__ import annotations

import re

import boto3
import pytest
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError

from airflow_personalize import idempotency
from airflow_personalize.operators.base import PersonalizeCreateOperator
from airflow_personalize.operators.dataset import PersonalizeCreateDatasetOperator
from airflow_personalize.operators.solution_version import PersonalizeGetSolutionMetricsOperator
from tests.support.airflow_classes import classes_of, required_arguments
from tests.support.faulty_proxy import every_third, lose_first_answer, proxy
from tests.support.operator_runs import Task, connection
from tests.support.resources import DatasetGroupResources
from tests.support.stub_client import ARN, NotFound, client
from tests.support.views import views_schema

__all__ = ["client"]


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


CREATING = [
    cls
    for cls in classes_of("airflow_personalize.operators")
    if issubclass(cls, PersonalizeCreateOperator)
    and cls is not PersonalizeCreateOperator
    and not cls.waits_for_quota
]
ARGUMENTS = {"schema": views_schema(), "metrics": [], "dataset_type": "Items"}


@pytest.mark.parametrize("cls", CREATING, ids=lambda cls: cls.__name__)
def test_a_quota_that_only_a_person_can_make_room_in_ends_the_task_and_says_what_to_do(cls, client):
    """No job will end to make room: neither hours of waiting nor another try would help."""
    operations = boto3.client("personalize", region_name="us-east-1").meta.method_to_api_mapping
    full = {"Error": {"Code": "LimitExceededException", "Message": "There are 500, and no more are allowed."}}
    for method, operation in operations.items():
        if method.startswith("create_"):
            getattr(client, method).side_effect = ClientError(full, operation)
        if method.startswith("describe_"):
            getattr(client, method).side_effect = NotFound()
    client.get_paginator.return_value.paginate.return_value = []
    required = {name: ARGUMENTS.get(name, f"{ARN}{name}/x") for name in required_arguments(cls)}
    optional = {"schema_arn": f"{ARN}schema/x"} if cls is PersonalizeCreateDatasetOperator else {}
    with pytest.raises(AirflowFailException) as failure:
        Task("t").run(cls(**{"task_id": "t", **required, **optional}))
    assert re.search(r"^Create\w+ is refused: There are 500", str(failure.value))
    assert re.search(
        r"Delete [a-z ]+s that nothing uses any more, or have the quota raised", str(failure.value)
    )
