"""The form of the rollback proposes what was live, from what the last recorded run has left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk import Variable

from encore import forms, history, rollback_versions
from encore.config import load_pipeline
from encore.operators.rollback import PersonalizeSelectRollbackVersionOperator

GROUP = load_pipeline().dataset_groups[0]
FIRST = datetime(2026, 1, 1, 3, tzinfo=UTC)


def row(number, solution="popular", outcome="promoted"):
    arn = f"arn:aws:personalize:us-east-1:1:solution/{solution}/{number:04d}"
    return {
        "solution": solution,
        "solution_version_arn": arn if outcome != "failed" else None,
        "outcome": outcome,
        "recorded_at": FIRST + timedelta(days=number),
    }


@pytest.fixture
def variables(monkeypatch):
    """Airflow's variables, as JSON."""
    stored: dict[str, object] = {}
    monkeypatch.setattr(Variable, "set", lambda key, value, serialize_json: stored.__setitem__(key, value))
    monkeypatch.setattr(Variable, "get", lambda key, default, deserialize_json: stored.get(key, default))
    return stored


@pytest.fixture
def remember(monkeypatch):
    """Leave the versions of a history for the form."""

    def remembered(past):
        monkeypatch.setattr(history, "read", lambda s3, bucket, prefix: past)
        rollback_versions.remember(None, GROUP)

    return remembered


def test_only_what_was_live_is_proposed_the_newest_first_and_each_once(variables, remember):
    past = [row(1), row(2, outcome="held"), row(3, "related"), row(4, outcome="failed"), row(5), row(1)]
    remember(past)
    (version,) = [param for name, param in forms.rollback(GROUP).items() if name == "version"]
    assert version.schema["examples"] == [
        "0001 (popular, live from 2026-01-02 03:00)",
        "0005 (popular, live from 2026-01-06 03:00)",
        "0003 (related, live from 2026-01-04 03:00)",
    ]


def test_a_proposal_is_taken_as_the_version_that_it_begins_with(variables, remember, monkeypatch):
    ready = [
        {"solutionVersionArn": row(number)["solution_version_arn"], "status": "ACTIVE"} for number in (5, 1)
    ]
    monkeypatch.setattr("airflow_personalize.solution_versions.of_solution", lambda *arguments: ready)
    remember([row(1), row(5)])
    operator = PersonalizeSelectRollbackVersionOperator(
        task_id="t", group={}, campaign_name="popular", version=rollback_versions.proposals(GROUP)[1]
    )
    monkeypatch.setitem(vars(operator), "hook", type("Hook", (), {"conn": None}))
    assert operator._select(row(5)["solution_version_arn"]) == row(1)["solution_version_arn"]


def test_no_more_than_ten_of_a_solution(variables, remember):
    remember([row(number) for number in range(30)] + [row(1, "related")])
    assert len(rollback_versions.proposals(GROUP)) == 11


@pytest.mark.parametrize("content", [None, {}, "text", [1, None]])
def test_a_form_without_proposals_is_a_form(variables, content):
    variables[f"encore_rollback_versions_{GROUP.name}"] = content
    assert "examples" not in forms.rollback(GROUP)["version"].schema


def test_neither_a_run_nor_a_form_fails_where_airflow_refuses_the_variable(remember, monkeypatch):
    def refusal(*arguments, **options):
        raise RuntimeError("no variables today")

    monkeypatch.setattr(Variable, "set", refusal)
    monkeypatch.setattr(Variable, "get", refusal)
    remember([row(1)])
    assert rollback_versions.proposals(GROUP) == []
