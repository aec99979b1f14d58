"""Recommenders of domain dataset groups."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InUseError, InvalidInputError
from tests.support.localpersonalize.in_process import InProcessService

RECIPE = "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views"


def test_a_use_case_needs_a_group_of_its_domain(service: InProcessService) -> None:
    with pytest.raises(InvalidInputError, match="domain ECOMMERCE"):
        service.create("Recommender", name="r", datasetGroupArn=service.group(), recipeArn=RECIPE)


def test_a_recommender_is_stopped_and_started(service: InProcessService) -> None:
    group = service.group(domain="ECOMMERCE")
    arn = service.create("Recommender", name="r", datasetGroupArn=group, recipeArn=RECIPE)
    with pytest.raises(InUseError, match="must be INACTIVE"):
        service.call("StartRecommender", recommenderArn=arn)
    service.call("StopRecommender", recommenderArn=arn)
    assert service.status(arn) == "STOP PENDING"
    service.context.database.change(arn, status="INACTIVE")
    service.call("StartRecommender", recommenderArn=arn)
    jobs = [name for name, _ in service.queue.submitted]
    assert jobs[-3:] == ["train recommender", "stop recommender", "start recommender"]
