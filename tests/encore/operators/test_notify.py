"""Who is notified of what."""

from __future__ import annotations

from types import SimpleNamespace

from airflow.sdk.exceptions import AirflowFailException

from encore import notifications
from encore.operators.notify import PersonalizeNotifyOperator

GROUP = {
    "name": "shop",
    "role": "R",
    "bucket": "shop",
    "datasets": {"interactions": {"schema": "i.json", "sql": "i.sql"}},
    "solutions": [{"name": "popular", "recipe": "aws-popularity-count"}],
    "notify": [{"type": "slack", "on": ["held", "failed", "recovered"]}],
}


TEARDOWNS = ("record", "notify")


def notify(monkeypatch, states=None, try_number=1, **inputs):
    sent = []
    monkeypatch.setattr(notifications, "send", lambda channel, message, context: sent.append(message.text))
    ti = SimpleNamespace(
        dag_id="d",
        run_id="r",
        try_number=try_number,
        log_url="http://airflow/dags/d/runs/r/tasks/notify?try_number=1",
        get_task_states=lambda dag_id, run_ids: {"r": states or {}},
        xcom_pull=lambda task_ids, key, map_indexes: {
            "task": task_ids,
            "reason": f"{key} of {task_ids}",
            "link": "http://log",
        },
    )
    operator = PersonalizeNotifyOperator(
        task_id="notify", group=GROUP, **{"plan": None, "recorded": None, "decisions": None, **inputs}
    )
    tasks = [SimpleNamespace(task_id=name, is_teardown=True) for name in TEARDOWNS]
    dag = SimpleNamespace(tasks=[*tasks, SimpleNamespace(task_id="validate_parameters", is_teardown=False)])
    try:
        return operator.execute({"ti": ti, "dag": dag}), sent
    except AirflowFailException as error:
        return error, sent


def test_a_channel_gets_the_outcomes_that_it_wants_with_the_tables(monkeypatch):
    recorded = {"solutions": {"popular": {"outcome": "held", "reason": "Worse."}}}
    decision = {"solution": "popular", "text": "TABLE"}
    subjects, texts = notify(monkeypatch, plan={"dry_run": False}, recorded=recorded, decisions=decision)
    assert subjects == ["slack: shop: held popular"]
    (text,) = texts
    assert text.startswith("held: popular\nWorse.\nTABLE\n\nRun: ")
    assert "/dags/d/runs/r" in text


def test_of_a_failed_run_the_channels_are_notified_and_the_task_is_cleared_with_what_failed(monkeypatch):
    error, texts = notify(monkeypatch, states={"validate_parameters": "failed", "record": "failed"})
    (text,) = texts
    assert text.startswith(
        "Failed task: validate_parameters\nfailure of validate_parameters\nLog: http://log"
    )
    assert isinstance(error, AirflowFailException)
    assert "clear the failed tasks" in str(error)


def test_a_run_whose_failed_tasks_were_cleared_is_notified_as_recovered(monkeypatch):
    recorded = {"solutions": {"popular": {"outcome": "held", "reason": "Worse."}}}
    subjects, _ = notify(monkeypatch, states={"train": "success"}, try_number=2, recorded=recorded)
    assert subjects == ["slack: shop: recovered; held popular"]


def test_of_a_dry_run_nobody_is_notified(monkeypatch):
    assert notify(monkeypatch, plan={"dry_run": True}) == ([], [])
