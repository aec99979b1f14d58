"""A group whose history, service and Airflow a test plants."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from encore import history
from encore.page import service
from tests.support.planted_airflow import PlantedAirflow
from tests.support.planted_exports import PlantedExports

NDCG = "normalized_discounted_cumulative_gain_at_25"
ARN = "arn:aws:personalize:us-east-1:123456789012"


def pipeline(*names: str) -> dict[str, Any]:
    """A pipeline file of groups with two solutions each, of which the past runs of the support folder tell."""
    group = {
        "role": "Role",
        "bucket": "encore-shop",
        "datasets": {
            kind: {"schema": f"schemas/{kind}.json", "sql": f"sql/{kind}.sql"}
            for kind in ("interactions", "users", "items")
        },
        "solutions": [
            {"name": "popular", "recipe": "aws-popularity-count"},
            {"name": "related", "recipe": "aws-sims"},
            {"name": "you", "recipe": "aws-user-personalization-v2"},
        ],
    }
    groups = [{"name": name, "prefix": name, **group} for name in names]
    return {"dataset_groups": [groups[0] | {"dag_suffix": ""}, *groups[1:]]}


def text_of(page: str) -> str:
    """What a person reads of a page."""
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"<title>.*?</title>", "", page, flags=re.DOTALL))
    return re.sub(r"\s+", " ", html.unescape(plain))


class PlantedService:
    """The control plane and the runtime, as far as the page asks them.

    :ivar answers: by campaign, the items that it recommends
    :ivar requests: what the runtime was asked
    """

    def __init__(self) -> None:
        self.campaigns: dict[str, dict[str, Any]] = {}
        self.recommenders: dict[str, dict[str, Any]] = {}
        self.filters: dict[str, str] = {}
        self.answers: dict[str, list[str]] = {}
        self.requests: list[dict[str, Any]] = []

    def serve(self, name: str, version_arn: str, answer: Sequence[str] = (), **fields: Any) -> None:
        self.answers[name] = list(answer)
        self.campaigns[f"{ARN}:campaign/{name}"] = {
            "name": name,
            "solutionVersionArn": version_arn,
            "status": "ACTIVE",
            "minProvisionedTPS": 1,
            "lastUpdatedDateTime": datetime(2026, 2, 28, 3, 12, tzinfo=UTC),
            **fields,
        }

    def add_recommender(self, name: str, status: str = "ACTIVE", requests: int = 1, **fields: Any) -> None:
        """A recommender."""
        arn = f"{ARN}:recommender/{name}"
        self.recommenders[arn] = {
            "name": name,
            "recommenderArn": arn,
            "datasetGroupArn": f"{ARN}:dataset-group/shop",
            "recommenderConfig": {"minRecommendationRequestsPerSecond": requests},
            "status": status,
            "lastUpdatedDateTime": datetime(2026, 2, 28, 3, 12, tzinfo=UTC),
            **fields,
        }

    def get_paginator(self, operation: str) -> Any:
        entries = {
            "list_campaigns": {"campaigns": [{"campaignArn": arn} for arn in self.campaigns]},
            "list_recommenders": {"recommenders": list(self.recommenders.values())},
            "list_filters": {
                "Filters": [
                    {"name": name, "filterArn": f"{ARN}:filter/{name}", "status": "ACTIVE"}
                    for name in self.filters
                ]
            },
        }
        return SimpleNamespace(paginate=lambda **arguments: [entries[operation]])

    def describe_campaign(self, campaignArn: str) -> Any:
        return {"campaign": self.campaigns[campaignArn]}

    def describe_recommender(self, recommenderArn: str) -> Any:
        return {"recommender": self.recommenders[recommenderArn]}

    def describe_filter(self, filterArn: str) -> Any:
        return {"filter": {"filterExpression": self.filters[filterArn.split("/")[-1]]}}

    def describe_solution_version(self, solutionVersionArn: str) -> Any:
        return {"solutionVersion": {"datasetGroupArn": f"{ARN}:dataset-group/shop"}}

    def describe_recipe(self, recipeArn: str) -> Any:
        kind = "RELATED_ITEMS" if recipeArn.endswith("sims") else "USER_PERSONALIZATION"
        return {"recipe": {"recipeType": kind}}

    def get_solution_metrics(self, solutionVersionArn: str) -> Any:
        return {"metrics": {NDCG: 0.4321}}

    def get_recommendations(self, campaignArn: str, numResults: int, **arguments: Any) -> Any:
        self.requests.append({"campaignArn": campaignArn, "numResults": numResults, **arguments})
        items = self.answers[campaignArn.split("/")[-1]][:numResults]
        return {"itemList": [{"itemId": item, "score": 0.5 / rank} for rank, item in enumerate(items, 1)]}


class Shop:
    """What a test plants: the history's rows, the service, and Airflow."""

    def __init__(self) -> None:
        self.airflow = PlantedAirflow({"retrain_recommenders", "rollback_campaign", "export_interactions"})
        self.service = PlantedService()
        self.exports = PlantedExports()
        self.rows: list[Mapping[str, Any]] = []

    def read(self, _client: Any, _bucket: str, _prefix: str, newest: int | None = None) -> Sequence[Any]:
        rows = history.from_parquet(history.to_parquet(self.rows)) if self.rows else []
        runs = list(dict.fromkeys(row["run_id"] for row in rows))[-newest:] if newest else None
        return rows if runs is None else [row for row in rows if row["run_id"] in runs]


def plant_catalogue(shop: Shop) -> None:
    """Two users, six films with titles, and three days of events."""
    genres = ("Drama", "Comedy|Romance", "Thriller")
    films = ("Fargo (1996)", "Emma (1996)", "Heat (1995)", "Babe (1995)", "Seven, the film", 'The "Rock"')
    items = [
        {
            "item_id": str(number),
            "title": title,
            "genre": genres[number % 3],
            "creation_timestamp": "820454400",
        }
        for number, title in enumerate(films, 1)
    ]
    users = [{"user_id": "42", "segment": "student"}, {"user_id": "7", "segment": ""}]
    shop.exports.plant("items", "full", items, "shop")
    shop.exports.plant("users", "full", users, "shop")
    for day in range(3):
        events = [
            {
                "user_id": "42",
                "item_id": str(day + 1),
                "event_type": "watch",
                "event_value": "",
                "timestamp": str(1_772_150_400 + 86_400 * day + 60),
            }
        ]
        shop.exports.plant("interactions", f"dt=2026-02-{27 + day}", events, "shop")


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Shop:
    file = tmp_path / "pipeline.yaml"
    file.write_text(yaml.safe_dump(pipeline("shop")))
    monkeypatch.setenv("ENCORE_PIPELINE", str(file))
    planted = Shop()
    monkeypatch.setattr(history, "read", planted.read)
    monkeypatch.setattr(service, "s3", lambda group: planted.exports)
    monkeypatch.setattr(service, "runtime", lambda group: planted.service)
    monkeypatch.setattr(service, "personalize", lambda group: planted.service)
    return planted
