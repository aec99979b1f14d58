"""An experiment from its first day to the deletion of the loser's campaign."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from encore import retention
from encore.experiments import record
from encore.experiments.split import CHALLENGER, arm
from encore.operators import validate_parameters
from encore.operators.judge_experiment import (
    PersonalizeEndExperimentOperator,
    PersonalizeJudgeExperimentOperator,
    PersonalizeRemoveLoserOperator,
)
from encore.operators.validate_parameters import PersonalizeValidateParametersOperator
from tests.support.planted_exports import PlantedExports

ARN = "arn:aws:personalize:us-east-1:1:campaign/"
TODAY = datetime.now(UTC).date()
BEGIN = TODAY - timedelta(days=4)
USERS = [str(user) for user in range(400)]
KEY = "shop/experiments/home.json"


class Service:
    """Two campaigns."""

    def __init__(self):
        self.campaigns = {"popular": f"{ARN}popular", "personal": f"{ARN}personal"}
        self.status = "ACTIVE"
        self.tags = retention.tags("shop")

    def get_paginator(self, operation):
        entries = [
            {"name": name, "campaignArn": arn, "status": self.status} for name, arn in self.campaigns.items()
        ]
        return SimpleNamespace(paginate=lambda **arguments: [{"campaigns": entries}])

    def list_tags_for_resource(self, resourceArn):
        return {"tags": self.tags}

    def delete_campaign(self, campaignArn):
        del self.campaigns[campaignArn.split("/")[-1]]


class Shop:
    """A group with an experiment of four days and two analyses, its exports and its campaigns."""

    def __init__(self, monkeypatch, **experiment):
        self.s3, self.service, self.monkeypatch = PlantedExports(), Service(), monkeypatch
        self.settings = {
            "name": "home",
            "champion": "popular",
            "challenger": "personal",
            "begin": str(BEGIN),
            "days": 4,
            "analyses": 2,
            "event_type": "purchase",
            **experiment,
        }
        self.s3.plant("users", "full", [{"user_id": user} for user in USERS], "shop")

    @property
    def group(self):
        return {
            "name": "shop",
            "role": "R",
            "bucket": "shop",
            "prefix": "shop",
            "datasets": {kind: {"schema": "s.json", "sql": "s.sql"} for kind in ("interactions", "users")},
            "solutions": [
                {"name": "popular", "recipe": "aws-popularity-count"},
                {"name": "personal", "recipe": "aws-user-personalization-v2"},
            ],
            "experiment": self.settings,
        }

    def export(self, day: int, buys):
        """A day on which the users that are given by a function of their arm and number buy, and others view."""
        rows = [
            {
                "user_id": user,
                "item_id": "tea",
                "event_type": "Purchase" if buys(arm("home", user, 0.5) == CHALLENGER, int(user)) else "view",
                "timestamp": "1",
            }
            for user in USERS
        ]
        self.s3.plant("interactions", f"dt={BEGIN + timedelta(days=day)}", rows, "shop")

    def run(self, operator_class, **arguments):
        operator = operator_class(task_id="task", group=self.group, **arguments)
        hook = SimpleNamespace(conn=self.service, non_retrying_client=self.service)
        self.monkeypatch.setitem(vars(operator), "hook", hook)
        self.monkeypatch.setattr(type(operator), "s3", self.s3, raising=False)
        return operator.execute({"ti": SimpleNamespace(dag_id="judge_experiment", run_id="1")})

    def judge(self):
        return self.run(PersonalizeJudgeExperimentOperator)

    def end(self, decision, answer=None):
        return self.run(PersonalizeEndExperimentOperator, decision=decision, answer=answer)

    @property
    def document(self):
        return json.loads(self.s3.objects[KEY])


@pytest.fixture
def shop(monkeypatch):
    return Shop(monkeypatch)


def equal(is_challenger: bool, user: int) -> bool:
    return user % 10 == 0


def better(is_challenger: bool, user: int) -> bool:
    return user % (2 if is_challenger else 10) == 0


APPROVED = {"chosen_options": ["Approve"]}


def test_before_its_first_day_nobody_sees_the_challenger(monkeypatch):
    shop = Shop(monkeypatch, begin=str(TODAY + timedelta(days=1)))
    assert shop.judge()["state"] == "waits"
    assert shop.document["share"] == 0


def test_the_application_reads_the_share_and_both_campaigns_while_it_runs(shop):
    decision = shop.judge()
    assert (decision["state"], decision["verdict"]) == ("runs", "hold")
    assert shop.document["share"] == 0.5
    assert shop.document["campaigns"] == {"champion": f"{ARN}popular", "challenger": f"{ARN}personal"}
    with pytest.raises(AirflowSkipException):
        shop.end(decision)


def test_a_look_waits_for_its_day_to_be_exported_and_is_made_once(shop):
    shop.export(0, equal)
    assert not shop.judge() or not shop.document["analyses"]
    shop.export(1, equal)
    shop.judge()
    (analysis,) = shop.document["analyses"]
    assert analysis["day"] == str(BEGIN + timedelta(days=1))
    assert sum(analysis["users"]) == len(USERS)
    shop.export(1, better)
    shop.judge()
    assert shop.document["analyses"] == [analysis], "what was seen is not looked at again"


def test_a_winner_is_asked_about_and_shown_to_all_once_it_is_approved(shop):
    for day in (0, 1):
        shop.export(day, better)
    decision = shop.judge()
    assert (decision["state"], decision["winner"], decision["verdict"]) == ("ended", "challenger", "ask")
    assert "personal wins: purchase" in decision["markdown"]
    assert shop.document["share"] == 0.5, "not before a person has answered"
    assert shop.judge() == decision, "asked again, the same is said"
    shop.end(decision, APPROVED)
    assert (shop.document["state"], shop.document["share"], shop.document["winner"]) == (
        "ended",
        1,
        "challenger",
    )
    repeated = shop.judge()
    assert (repeated["state"], repeated["verdict"]) == ("ended", "hold"), "nobody is asked twice"
    with pytest.raises(AirflowSkipException):
        shop.end(repeated)


def test_a_rejected_winner_leaves_the_champion(shop):
    for day in (0, 1):
        shop.export(day, better)
    reason = shop.end(shop.judge(), {"chosen_options": ["Reject"]})
    assert "A person has rejected it: popular stays." in reason
    assert (shop.document["share"], shop.document["winner"]) == (0, None)


def test_a_winner_goes_live_by_itself_where_the_file_says_so(monkeypatch):
    shop = Shop(monkeypatch, winner="promote")
    for day in (0, 1):
        shop.export(day, better)
    shop.end(shop.judge())
    assert shop.document["share"] == 1


def test_without_a_winner_the_champion_stays(shop):
    for day in range(4):
        shop.export(day, equal)
    decision = shop.judge()
    assert (decision["state"], decision["winner"], decision["verdict"]) == ("ended", None, "hold")
    shop.end(decision)
    assert (shop.document["state"], shop.document["share"]) == ("ended", 0)


def test_what_it_began_with_cannot_be_changed(shop):
    shop.judge()
    shop.settings["share"] = 0.3
    with pytest.raises(AirflowFailException, match="began with another share"):
        shop.judge()


def test_the_losers_campaign_goes_after_the_days_that_it_is_kept(shop, monkeypatch):
    for day in (0, 1):
        shop.export(day, better)
    shop.end(shop.judge(), APPROVED)
    with pytest.raises(AirflowSkipException, match="is kept until"):
        shop.run(PersonalizeRemoveLoserOperator)
    ended = {**shop.document, "ended": str(TODAY - timedelta(days=2))}
    shop.s3.objects[KEY] = json.dumps(ended).encode()
    shop.service.tags = []
    with pytest.raises(AirflowSkipException, match="Encore has not made it"):
        shop.run(PersonalizeRemoveLoserOperator)
    shop.service.tags = retention.tags("shop")
    shop.service.status = "DELETE IN_PROGRESS"  # by an attempt that was cut off
    with pytest.raises(AirflowSkipException, match="is gone"):
        shop.run(PersonalizeRemoveLoserOperator)
    shop.service.status = "ACTIVE"
    assert shop.run(PersonalizeRemoveLoserOperator) == f"{ARN}popular"
    assert set(shop.service.campaigns) == {"personal"}


def test_the_loser_is_trained_no_more_unless_it_alone_is_chosen(shop, monkeypatch):
    for day in (0, 1):
        shop.export(day, better)
    shop.end(shop.judge(), APPROVED)
    monkeypatch.setattr(validate_parameters, "s3_client", lambda *arguments: shop.s3)
    operator = PersonalizeValidateParametersOperator(task_id="v", group=shop.group, dry_run_task_id="d")
    group = validate_parameters.DatasetGroup.model_validate(shop.group)
    assert operator._without_loser(group, ["popular", "personal"]) == ["personal"]
    assert operator._without_loser(group, ["popular"]) == ["popular"]
    assert record.loser(group.experiment, None) is None
    assert date.fromisoformat(shop.document["ended"]) == TODAY
