"""Triggers: survive their serialised form, end with one event, and stop only what they were told to."""

from __future__ import annotations

import asyncio
import importlib
from unittest.mock import MagicMock

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from airflow_personalize.hooks import PersonalizeHook
from airflow_personalize.triggers import PersonalizePauseTrigger, PersonalizeWaitTrigger
from tests.support.operator_runs import first_event

VERSION = "arn:aws:personalize:us-east-1:123456789012:solution/s/1"


@pytest.fixture
def client(monkeypatch) -> MagicMock:
    made = MagicMock()
    monkeypatch.setattr(PersonalizeHook, "conn", made)
    return made


def trigger(**arguments) -> PersonalizeWaitTrigger:
    return PersonalizeWaitTrigger(
        "solution_version_complete",
        {"solutionVersionArn": VERSION},
        **{"waiter_delay": 0.01, "waiter_max_attempts": 5, **arguments},
    )


def states(client, *answers) -> None:
    client.describe_solution_version.side_effect = [
        answer
        if isinstance(answer, Exception)
        else {"solutionVersion": {"status": answer, "failureReason": "why"}}
        for answer in answers
    ]


@pytest.mark.parametrize(
    "made",
    [
        trigger(stop_on_kill=VERSION, fresh=True, usual=60.0, region_name="eu-west-1"),
        PersonalizePauseTrigger(3.0, 2),
    ],
)
def test_a_trigger_survives_its_serialised_form(made):
    path, arguments = made.serialize()
    module, name = path.rsplit(".", 1)
    repeated = getattr(importlib.import_module(module), name)(**arguments)
    assert repeated.serialize() == (path, arguments)


def test_success_names_the_resource(client):
    states(client, "CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE")
    assert first_event(trigger()) == {"status": "success", "resource": VERSION}


def test_failure_carries_all_that_the_message_needs(client):
    states(client, "CREATE FAILED")
    event = first_event(trigger())
    assert (event["status"], event["failed_status"], event["reason"]) == ("error", "CREATE FAILED", "why")
    assert event["message"].startswith(f"{VERSION} is CREATE FAILED. why")


def test_an_unknown_state_is_an_error(client):
    states(client, "ASLEEP")
    assert first_event(trigger())["failed_status"] == "ASLEEP"


def test_throttling_is_not_an_error(client):
    busy = ClientError({"Error": {"Code": "ThrottlingException", "Message": "m"}}, "Describe")
    states(client, busy, busy, "ACTIVE")
    assert first_event(trigger())["status"] == "success"


def test_the_last_attempt_ends_the_wait(client):
    states(client, *["CREATE PENDING"] * 5)
    event = first_event(trigger())
    assert event["status"] == "error"
    assert "last attempt" in event["message"]


def test_a_person_who_ends_the_task_stops_the_training_if_it_was_to_be_stopped(client):
    asyncio.run(trigger(stop_on_kill=None).on_kill())
    client.stop_solution_version_creation.assert_not_called()
    asyncio.run(trigger(stop_on_kill=VERSION).on_kill())
    client.stop_solution_version_creation.assert_called_once_with(solutionVersionArn=VERSION)


def test_a_pause_counts_on(monkeypatch):
    assert first_event(PersonalizePauseTrigger(0.0, 4)) == {"status": "success", "waited": 4}


def test_a_wait_that_cannot_ask_resumes_its_task_with_the_reason(client):
    states(client, NoCredentialsError())
    event = first_event(trigger())
    assert (event["status"], event["resource"]) == ("error", VERSION)
    assert event["reason"] == "NoCredentialsError: Unable to locate credentials"
