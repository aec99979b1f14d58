"""Recommenders of domain dataset groups."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InUseError, InvalidInputError
from tests.support.localpersonalize.contexts import Desk

RECIPE = "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views"


def test_a_use_case_needs_a_group_of_its_domain(desk: Desk) -> None:
    with pytest.raises(InvalidInputError, match="domain ECOMMERCE"):
        desk.create("Recommender", name="r", datasetGroupArn=desk.group(), recipeArn=RECIPE)


def test_a_recommender_is_stopped_and_started(desk: Desk) -> None:
    group = desk.group(domain="ECOMMERCE")
    arn = desk.create("Recommender", name="r", datasetGroupArn=group, recipeArn=RECIPE)
    with pytest.raises(InUseError, match="must be INACTIVE"):
        desk.call("StartRecommender", recommenderArn=arn)
    desk.call("StopRecommender", recommenderArn=arn)
    assert desk.status(arn) == "STOP PENDING"
    desk.context.database.change(arn, status="INACTIVE")
    desk.call("StartRecommender", recommenderArn=arn)
    jobs = [name for name, _ in desk.queue.submitted]
    assert jobs[-3:] == ["train recommender", "stop recommender", "start recommender"]
