"""The campaign moves only to what goes live."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from encore.operators.promotion import PersonalizePromoteOperator


def promote(decision, answer=None):
    operator = PersonalizePromoteOperator(
        task_id="campaign", campaign_name="you", solution_version_arn="arn", decision=decision, answer=answer
    )
    return operator.execute({})


def test_the_campaign_moves_if_the_gate_or_a_person_says_so(monkeypatch):
    monkeypatch.setattr(
        PersonalizeCreateOrUpdateCampaignOperator, "execute", lambda self, context, event: "moved"
    )
    assert promote({"verdict": "promote"}) == "moved"
    assert promote({"verdict": "ask"}, {"chosen_options": ["Approve"]}) == "moved"
    with pytest.raises(AirflowSkipException, match="keeps what it serves"):
        promote({"verdict": "ask"}, {"chosen_options": ["Reject"]})


def test_a_missing_decision_is_named():
    with pytest.raises(AirflowFailException, match="campaign has no value for decision"):
        promote("None")
