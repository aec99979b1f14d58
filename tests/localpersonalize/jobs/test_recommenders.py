"""Recommenders."""

from __future__ import annotations

import pytest

from localpersonalize.jobs import recommenders
from tests.support.localpersonalize.contexts import Desk

RECIPE = "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views"


def test_a_recommender_is_trained_loaded_stopped_and_started(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []
    monkeypatch.setattr(desk.context.engine, "deploy", lambda arn, _: served.append(arn))
    group = desk.group(domain="ECOMMERCE")
    arn = desk.create("Recommender", active=False, name="r", datasetGroupArn=group, recipeArn=RECIPE)
    recommenders.train(desk.context, desk.job("train recommender", arn, {"metrics": {"coverage": 1.0}}))
    ((task, details),) = desk.tasks.ran
    assert (task, details["settings"]["eventType"]) == ("train", "View")
    assert (desk.status(arn), served) == ("ACTIVE", [arn])
    recommenders.stop(desk.context, desk.job("stop recommender", arn))
    assert desk.status(arn) == "INACTIVE"
    recommenders.start(desk.context, desk.job("start recommender", arn))
    assert (desk.status(arn), served) == ("ACTIVE", [arn, arn])
