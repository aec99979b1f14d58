"""The campaign moves only to what goes live."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from encore.operators.promotion import PersonalizePromoteOperator
from tests.support.stub_client import ARN, NotFound, client

__all__ = ["client"]


def promote(decision, answer=None):
    operator = PersonalizePromoteOperator(
        task_id="campaign",
        campaign_name="you",
        solution_version_arn=f"{ARN}solution/you/new",
        decision=decision,
        answer=answer,
    )
    return operator.execute({})


def test_the_campaign_moves_if_the_gate_or_a_person_says_so(monkeypatch, client):
    client.describe_campaign.side_effect = NotFound
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


@pytest.mark.parametrize(
    ("live", "is_refused"),
    [("before", False), ("new", False), ("newer", True), ("older", False), (None, False)],
)
def test_an_old_question_does_not_undo_what_went_live_since(monkeypatch, client, live, is_refused):
    created = {"before": 2, "new": 3, "newer": 4, "older": 1}
    arns = {name: f"{ARN}solution/you/{name}" for name in created}
    monkeypatch.setattr(
        PersonalizeCreateOrUpdateCampaignOperator, "execute", lambda self, context, event: "moved"
    )
    client.describe_campaign.side_effect = (
        (lambda **_: {"campaign": {"status": "ACTIVE", "solutionVersionArn": arns[live]}})
        if live
        else NotFound
    )
    client.describe_solution_version.side_effect = lambda solutionVersionArn: {
        "solutionVersion": {"creationDateTime": created[solutionVersionArn.split("/")[-1]]}
    }
    operator = PersonalizePromoteOperator(
        task_id="campaign",
        campaign_name="you",
        solution_version_arn=arns["new"],
        decision={"verdict": "ask", "live": arns["before"], "new": arns["new"]},
        answer={"chosen_options": ["Approve"]},
    )
    if is_refused:
        with pytest.raises(AirflowFailException, match=r"has moved to .*newer since .* rollback_campaign"):
            operator.execute({})
    else:
        assert operator.execute({}) == "moved"
