"""Hooks: three services, patient where a request only reads, and asking once where it changes something."""

from __future__ import annotations

import pytest

from airflow_personalize.hooks import PersonalizeEventsHook, PersonalizeHook, PersonalizeRuntimeHook
from airflow_personalize.waiter import waiter_names
from tests.support.operator_runs import connection


@pytest.fixture(autouse=True)
def account(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection("http://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("hook", "service", "operation"),
    [
        (PersonalizeHook, "personalize", "create_solution_version"),
        (PersonalizeRuntimeHook, "personalize-runtime", "get_recommendations"),
        (PersonalizeEventsHook, "personalize-events", "put_events"),
    ],
)
def test_each_hook_reaches_its_service(hook, service, operation):
    client = hook().conn
    assert client.meta.service_model.service_name == service
    assert callable(getattr(client, operation))


def test_the_connection_s_endpoint_is_used():
    assert PersonalizeHook().conn.meta.endpoint_url == "http://127.0.0.1:9"


def test_reading_is_patient_and_changing_asks_once():
    hook = PersonalizeHook()
    assert hook.conn.meta.config.retries == {"mode": "adaptive", "total_max_attempts": 13}
    assert hook.non_retrying_client.meta.config.retries == {"mode": "adaptive", "total_max_attempts": 1}


def test_what_a_user_configures_is_kept():
    hook = PersonalizeHook(config={"read_timeout": 7, "retries": {"total_max_attempts": 2}})
    assert hook.conn.meta.config.read_timeout == 7
    assert hook.conn.meta.config.retries["total_max_attempts"] == 2
    assert hook.non_retrying_client.meta.config.read_timeout == 7


def test_get_waiter_knows_our_waiters():
    hook = PersonalizeHook()
    assert set(waiter_names()) <= set(hook.list_waiters())
    assert hook.get_waiter("campaign_active").config.operation == "DescribeCampaign"
