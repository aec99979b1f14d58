"""The four AWS settings hold for every client that anything of the provider makes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.sensors.base_aws import AwsBaseSensor
from airflow.sdk.exceptions import TaskDeferred

import airflow_personalize
from airflow_personalize.operators.base import PersonalizeBaseOperator
from airflow_personalize.operators.job_base import PersonalizeJobOperator
from airflow_personalize.s3 import S3Mixin
from airflow_personalize.sensors.base import PersonalizeBaseSensor
from airflow_personalize.triggers import PersonalizeWaitTrigger
from airflow_personalize.waiter import Outcome, Wait
from tests.support.airflow_classes import classes_of, required_arguments, triggers_of
from tests.support.operator_runs import Task, connection

ADDRESS, OTHER = "http://127.0.0.1:9", "http://127.0.0.1:10"
ARN = "arn:aws:personalize:eu-west-3:123456789012:solution/s"
SETTINGS: dict[str, Any] = {
    "aws_conn_id": "mine",
    "region_name": "eu-west-3",
    "verify": False,
    "botocore_config": {"user_agent_extra": "from-the-task", "read_timeout": 7},
}
BASES = {
    "PersonalizeTransferOperator",
    "PersonalizeDatasetTransferOperator",
    "PersonalizeBaseOperator",
    "PersonalizeDeleteOperator",
    "PersonalizeBaseSensor",
    "PersonalizeBatchJobOperator",
    "PartitionMarkers",
}
# Reads the product database, and nothing of AWS.
WITHOUT_AWS = {"PersonalizeDatasetPlanOperator"}
ALL = [kind for kind in classes_of("airflow_personalize") if kind.__name__ not in BASES]
WITH_AWS = [kind for kind in ALL if kind.__name__ not in WITHOUT_AWS]
WAITING = [kind for kind in WITH_AWS if issubclass(kind, PersonalizeBaseOperator | PersonalizeBaseSensor)]


@pytest.fixture(autouse=True)
def accounts(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_MINE", connection(ADDRESS))
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(OTHER))


def made(kind: type[Any]) -> Any:
    return kind(task_id="t", **dict.fromkeys(required_arguments(kind), ARN), **SETTINGS)


def check(client: Any) -> None:
    assert client.meta.endpoint_url == ADDRESS
    assert client.meta.region_name == "eu-west-3"
    assert client.meta.config.user_agent_extra.endswith("from-the-task")  # after what Airflow says of itself
    assert client.meta.config.read_timeout == 7
    assert client._endpoint.http_session._verify is False


def defer(operator: Any, context: Any) -> None:
    if isinstance(operator, PersonalizeBaseSensor):
        operator.execute(context)
    else:
        operator.wait(context, "solution_active", solutionArn=ARN)


@pytest.mark.parametrize("kind", WITH_AWS, ids=lambda kind: kind.__name__)
def test_every_operator_s_clients_have_the_settings(kind):
    operator = made(kind)
    assert isinstance(operator, AwsBaseOperator | AwsBaseSensor)
    check(operator.hook.get_conn())
    if hasattr(operator.hook, "non_retrying_client"):
        check(operator.hook.non_retrying_client)
    if isinstance(operator, S3Mixin):
        check(operator.s3)


@pytest.mark.parametrize("kind", WAITING, ids=lambda kind: kind.__name__)
def test_what_waits_in_the_triggerer_has_the_settings(kind, monkeypatch):
    monkeypatch.setattr(Wait, "poll_briefly", lambda *_, **__: Outcome("retry", "CREATE PENDING"))
    monkeypatch.setattr(
        PersonalizeJobOperator, "usual_seconds", lambda self: None
    )  # nobody is at the address
    operator = made(kind)
    operator.deferrable = True
    with pytest.raises(TaskDeferred) as deferred:
        defer(operator, Task("t").context)
    _, arguments = deferred.value.trigger.serialize()
    check(PersonalizeWaitTrigger(**arguments).hook().conn)


@pytest.mark.parametrize("kind", WITH_AWS, ids=lambda kind: kind.__name__)
def test_every_operator_takes_the_settings_of_a_dag_in_templates(kind):
    assert {"aws_conn_id", "region_name", "verify"} <= set(kind.template_fields)


def test_the_lists_of_what_has_no_clients_are_true():
    assert {kind.__name__ for kind in classes_of("airflow_personalize")} >= BASES | WITHOUT_AWS
    assert len(ALL) > 40
    assert {kind.__name__ for kind in triggers_of("airflow_personalize")} == {
        "PersonalizePauseTrigger",
        "PersonalizeWaitTrigger",
    }


def test_clients_are_made_in_two_modules_only():
    root = Path(airflow_personalize.__file__).parent
    makes = re.compile(r"S3Hook\(|AwsBaseHook\(|boto3\.|\.client\(|get_client_type\(")
    makers = {file.name for file in root.rglob("*.py") if makes.search(file.read_text())}
    assert makers <= {"s3.py", "hooks.py"}
