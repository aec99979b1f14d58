"""Recommenders."""

from __future__ import annotations

import pytest

from localpersonalize.jobs import recommenders
from tests.support.localpersonalize.in_process import InProcessService

RECIPE = "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views"


def test_a_recommender_is_trained_loaded_stopped_and_started(
    service: InProcessService, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []
    monkeypatch.setattr(service.context.engine, "deploy", lambda arn, _: served.append(arn))
    group = service.group(domain="ECOMMERCE")
    arn = service.create("Recommender", active=False, name="r", datasetGroupArn=group, recipeArn=RECIPE)
    recommenders.train(service.context, service.job("train recommender", arn, {"metrics": {"coverage": 1.0}}))
    ((task, details),) = service.tasks.ran
    assert (task, details["settings"]["eventType"]) == ("train", "View")
    assert (service.status(arn), served) == ("ACTIVE", [arn])
    recommenders.stop(service.context, service.job("stop recommender", arn))
    assert service.status(arn) == "INACTIVE"
    recommenders.start(service.context, service.job("start recommender", arn))
    assert (service.status(arn), served) == ("ACTIVE", [arn, arn])
