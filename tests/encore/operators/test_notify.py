"""Who is notified of what."""

from __future__ import annotations

from types import SimpleNamespace

from encore import notifications
from encore.operators.notify import PersonalizeNotifyOperator

GROUP = {
    "name": "shop",
    "role": "R",
    "bucket": "shop",
    "datasets": {"interactions": {"schema": "i.json", "sql": "i.sql"}},
    "solutions": [{"name": "popular", "recipe": "aws-popularity-count"}],
    "notify": [{"type": "slack", "on": ["held", "failed"]}],
}


def notify(monkeypatch, states=None, **inputs):
    sent = []
    monkeypatch.setattr(notifications, "send", lambda channel, message, context: sent.append(message.text))
    ti = SimpleNamespace(dag_id="d", run_id="r", get_task_states=lambda dag_id, run_ids: {"r": states or {}})
    operator = PersonalizeNotifyOperator(
        task_id="notify", group=GROUP, **{"plan": None, "recorded": None, "decisions": None, **inputs}
    )
    return operator.execute({"ti": ti}), sent


def test_a_channel_gets_the_outcomes_that_it_wants_with_the_tables(monkeypatch):
    recorded = {"solutions": {"popular": {"outcome": "held", "reason": "Worse."}}}
    decision = {"solution": "popular", "text": "TABLE"}
    subjects, texts = notify(monkeypatch, plan={"dry_run": False}, recorded=recorded, decisions=decision)
    assert subjects == ["slack: shop: held popular"]
    assert texts == ["popular: Worse.\nTABLE"]


def test_a_run_that_was_refused_is_notified_as_failed(monkeypatch):
    subjects, _ = notify(monkeypatch, states={"validate_parameters": "failed", "record": "success"})
    assert subjects == ["slack: shop: failed validate_parameters"]


def test_of_a_dry_run_nobody_is_notified(monkeypatch):
    assert notify(monkeypatch, plan={"dry_run": True}) == ([], [])
