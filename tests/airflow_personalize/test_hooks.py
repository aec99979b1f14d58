"""Hooks: three services, patient where a request only reads, and asking once where it changes something."""

from __future__ import annotations

import re

import pytest
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

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


def test_both_clients_of_a_hook_are_of_one_session(monkeypatch):
    """What a session looks for, above all credentials, is looked for once."""
    hook, made = PersonalizeHook(region_name="eu-west-1"), []
    session = AwsBaseHook.get_session
    monkeypatch.setattr(
        AwsBaseHook, "get_session", lambda *arguments: made.append(arguments) or session(*arguments)
    )
    assert hook.conn.meta.region_name == hook.non_retrying_client.meta.region_name == "eu-west-1"
    assert len(made) == 1


class Operator:
    def execute(self, hook):
        return (lambda: hook.conn)()


class Outer(Operator):
    def execute(self, hook):
        return Operator().execute(hook)


@pytest.mark.parametrize(
    ("make", "caller"),
    [(Operator().execute, "Operator"), (Outer().execute, "Operator"), (lambda hook: hook.conn, "Unknown")],
)
def test_the_user_agent_names_the_operator(make, caller):
    agent = make(PersonalizeHook()).meta.config.user_agent_extra
    assert re.search(rf"Airflow/3\S+ AmPP/\S+ Caller/{caller} DagRunKey/", agent), agent
