"""Recommenders between file and account: adopted without a difference, and each difference in the plan."""

from __future__ import annotations

import re
from typing import Any

import pytest

from encore.config.models import DatasetGroup
from encore.deployment.adopt import adopt
from encore.deployment.inventory import ExistingDataset, Inventory
from encore.deployment.plan_online import of_events, of_recommenders
from tests.support.personalize_service import SCHEMA

FOR_YOU = "arn:aws:personalize:::recipe/aws-ecomm-recommended-for-you"
RECOMMENDER = {
    "name": "for-you",
    "recipeArn": FOR_YOU,
    "status": "ACTIVE",
    "recommenderConfig": {"minRecommendationRequestsPerSecond": 3, "enableMetadataWithRecommendations": True},
}


def _existing(**more: Any) -> Inventory:
    date = "2026-01-01"
    campaign = {"name": "c", "status": "ACTIVE", "lastUpdatedDateTime": date, "minProvisionedTPS": 1}
    solution = {"name": "s", "recipeArn": "arn:aws:personalize:::recipe/aws-sims", "solutionConfig": {}}
    return Inventory(
        {"name": "shop", "datasetGroupArn": "arn", "domain": "ECOMMERCE"},
        datasets={"interactions": ExistingDataset("arn", "d", "schema", SCHEMA)},
        solutions={"s": solution},
        campaigns={"s": [campaign]},
        **more,
    )


def _adopted(existing: Inventory) -> dict[str, Any]:
    return adopt(existing, "a-bucket", "Role").group


def test_an_adopted_recommender_differs_in_nothing_and_a_change_of_it_is_an_update():
    existing = _existing(recommenders={"for-you": RECOMMENDER})
    section = _adopted(existing)
    (recommender,) = section["recommenders"]
    assert recommender["min_requests_per_second"] == 3
    assert list(of_recommenders(DatasetGroup.model_validate(section), existing)) == []
    recommender["min_requests_per_second"] = 5
    (difference,) = of_recommenders(DatasetGroup.model_validate(section), existing)
    assert (difference.action, difference.details) == ("update", "minRecommendationRequestsPerSecond: 3 -> 5")


def test_one_that_is_not_there_is_made_and_one_of_another_recipe_is_in_the_way():
    section = _adopted(_existing(recommenders={"for-you": RECOMMENDER}))
    (made,) = of_recommenders(DatasetGroup.model_validate(section), _existing())
    assert (made.action, "paid for by the hour" in made.details) == ("create", True)
    section["recommenders"][0]["recipe"] = "aws-ecomm-popular-items-by-views"
    existing = _existing(recommenders={"for-you": RECOMMENDER})
    (blocked,) = of_recommenders(DatasetGroup.model_validate(section), existing)
    assert (blocked.action, "use another name" in blocked.details) == ("blocked", True)


def test_an_update_on_its_way_counts_and_a_failed_one_does_not():
    later = {"status": "CREATE IN_PROGRESS", "recommenderConfig": {"minRecommendationRequestsPerSecond": 9}}
    for status, expected in (("CREATE IN_PROGRESS", 9), ("CREATE FAILED", 3)):
        update = {**later, "status": status}
        existing = _existing(recommenders={"for-you": {**RECOMMENDER, "latestRecommenderUpdate": update}})
        assert _adopted(existing)["recommenders"][0]["min_requests_per_second"] == expected


@pytest.mark.parametrize("path", [None, "s3://a-bucket/encore/attribution/", "s3://elsewhere/"])
def test_an_attribution_is_adopted_where_its_reports_are_where_encores_are(path: str | None):
    output = {"s3DataDestination": {"path": path}} if path else {}
    metric = {"metricName": "sold", "eventType": "buy", "expression": "SAMPLECOUNT()"}
    existing = _existing(metric_attributions={"m": {"metrics": [metric], "metricsOutputConfig": output}})
    adoption = adopt(existing, "a-bucket", "Role")
    if path == "s3://elsewhere/":
        assert "metric_attribution" not in adoption.group
        assert any("m stays as it is" in note for note in adoption.notes)
    else:
        section = adoption.group
        assert list(of_events(DatasetGroup.model_validate(section), existing)) == []
        section["metric_attribution"] |= {"reports": path is None}
        section["metric_attribution"]["metrics"][0]["event_type"] = "view"
        (difference,) = of_events(DatasetGroup.model_validate(section), existing)
        assert difference.action == "update"
        assert re.match("changes sold; reports: .* -> ", difference.details)
