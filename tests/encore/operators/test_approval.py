"""Who is asked, and what an answer leads to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from encore.operators.approval import PersonalizeApprovalOperator, goes_live

QUESTION = {"verdict": "ask", "new": "arn:new", "markdown": "table"}


def approval(decision, hours=4):
    return PersonalizeApprovalOperator(
        task_id="approve", decision=decision, approval_hours=hours, subject="s", body="b", defaults="Reject"
    )


@pytest.mark.parametrize(
    ("verdict", "option", "expected"),
    [
        ("promote", None, True),
        ("hold", ["Approve"], False),
        ("ask", None, False),
        ("ask", ["Reject"], False),
        ("ask", ["Approve"], True),
    ],
)
def test_a_version_goes_live_by_the_gate_or_by_a_person(verdict, option, expected):
    answer = {"chosen_options": option} if option else None
    assert goes_live({"verdict": verdict}, answer) is expected


def test_nobody_is_asked_about_what_the_gate_decides():
    with pytest.raises(AirflowSkipException):
        approval({**QUESTION, "verdict": "hold"}).execute({})


def test_a_missing_decision_is_named():
    with pytest.raises(AirflowFailException, match="approve has no value for decision"):
        approval(None).execute({})


def test_the_answer_is_waited_for_as_long_as_the_solution_says(monkeypatch):
    waits = []
    monkeypatch.setattr(
        hitl.HITLOperator, "execute", lambda self, context: waits.append(self.response_timeout)
    )
    approval(QUESTION, hours=1.5).execute({})
    assert waits == [timedelta(hours=1.5)]


def test_the_answer_says_which_version_it_is_about():
    event = {
        "chosen_options": ["Approve"],
        "params_input": {},
        "responded_at": datetime(2026, 3, 1, tzinfo=UTC),
        "responded_by_user": None,
    }
    answer = approval(QUESTION).execute_complete({}, event)
    assert (answer["chosen_options"], answer["solution_version_arn"]) == (["Approve"], "arn:new")
