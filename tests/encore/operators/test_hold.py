"""The mark of a version that does not go live."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from encore.operators.hold import PersonalizeHoldOperator


def hold(decision, answer=None):
    operator = PersonalizeHoldOperator(task_id="held", campaign_name="you", decision=decision, answer=answer)
    return operator.execute({})


def test_what_is_held_or_rejected_is_marked_and_what_goes_live_is_skipped():
    assert hold({"verdict": "hold", "text": "t"}) == "Campaign you keeps what it serves."
    assert "keeps" in hold({"verdict": "ask", "text": "t"}, {"chosen_options": ["Reject"]})
    with pytest.raises(AirflowSkipException):
        hold({"verdict": "promote", "text": "t"})


def test_a_missing_decision_is_named():
    with pytest.raises(AirflowFailException, match="held has no value for decision"):
        hold(None)
