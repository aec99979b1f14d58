"""Sensors: what is declared ends them, deferred or not, and only success is success."""

from __future__ import annotations

import inspect
from unittest.mock import MagicMock

import pytest
from airflow.sdk.exceptions import TaskDeferred

from airflow_personalize import sensors
from airflow_personalize.exceptions import PersonalizeError, UnknownStatusError
from airflow_personalize.hooks import PersonalizeHook
from airflow_personalize.triggers import PersonalizeWaitTrigger
from airflow_personalize.waiter import waiter_names
from tests.support.operator_runs import Task

ARN = "arn:aws:personalize:us-east-1:123456789012:campaign/c"
ALL = [getattr(sensors, name) for name in sensors.__all__]


@pytest.fixture
def client(monkeypatch) -> MagicMock:
    made = MagicMock()
    monkeypatch.setattr(PersonalizeHook, "conn", made)
    monkeypatch.setattr("airflow_personalize.waiter.time.sleep", lambda seconds: None)
    return made


def campaign(status: str, **more: str) -> dict:
    return {"campaign": {"status": status, **more}}


def sensor(**arguments):
    return sensors.PersonalizeCampaignSensor(task_id="s", campaign_arn=ARN, **arguments)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_sensor_waits_with_a_declared_waiter_for_its_templated_arn(kind):
    made = kind(task_id="s", **{kind.parameter: ARN})
    assert kind.waiter in waiter_names()
    assert kind.parameter in kind.template_fields
    assert kind.parameter in inspect.signature(kind.__init__).parameters
    assert made.wait().arguments == {kind.member: ARN}


@pytest.mark.parametrize("deferrable", [True, False])
def test_what_is_ready_is_not_waited_for(client, deferrable):
    client.describe_campaign.return_value = campaign("ACTIVE")
    task = Task("s")
    task.run(sensor(deferrable=deferrable))
    assert task.deferrals == 0


def test_a_deferred_wait_resumes_into_the_check_of_its_event(client):
    client.describe_campaign.return_value = campaign("CREATE IN_PROGRESS")
    with pytest.raises(TaskDeferred) as deferred:
        sensor(deferrable=True, poke_interval=60, timeout=120).execute(Task("s").context)
    assert isinstance(deferred.value.trigger, PersonalizeWaitTrigger)
    assert deferred.value.method_name == "execute_complete"
    assert deferred.value.timeout.total_seconds() == 120


def test_a_deferred_wait_ends_with_what_it_waited_for(client):
    states = ["CREATE PENDING"] * 3 + ["CREATE IN_PROGRESS", "ACTIVE"]
    client.describe_campaign.side_effect = map(campaign, states)
    task = Task("s")
    assert task.run(sensor(deferrable=True, poke_interval=0.01)) == ARN
    assert task.deferrals == 1


@pytest.mark.parametrize("event", [None, {}, {"status": "error", "reason": "r"}, {"status": "running"}])
def test_no_event_but_success_is_success(event):
    with pytest.raises(PersonalizeError):
        sensor().execute_complete({}, event)


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_failure_carries_the_service_s_reason(client, deferrable):
    client.describe_campaign.return_value = campaign("CREATE FAILED", failureReason="out of sorts")
    with pytest.raises(PersonalizeError, match=r"campaign/c is CREATE FAILED\. out of sorts"):
        Task("s").run(sensor(deferrable=deferrable))


@pytest.mark.parametrize("deferrable", [True, False])
def test_an_unknown_state_is_an_error(client, deferrable):
    client.describe_campaign.return_value = campaign("HALF ASLEEP")
    with pytest.raises(UnknownStatusError, match="HALF ASLEEP"):
        Task("s").run(sensor(deferrable=deferrable))
