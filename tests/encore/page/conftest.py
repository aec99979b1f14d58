"""A group whose history, service and Airflow a test plants."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from encore import history
from encore.page import service
from tests.support.planted_airflow import PlantedAirflow

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
    """The control plane, of which only campaigns are asked."""

    def __init__(self) -> None:
        self.campaigns: dict[str, dict[str, Any]] = {}

    def serve(self, name: str, version_arn: str, **fields: Any) -> None:
        self.campaigns[f"{ARN}:campaign/{name}"] = {
            "name": name,
            "solutionVersionArn": version_arn,
            "status": "ACTIVE",
            "minProvisionedTPS": 1,
            "lastUpdatedDateTime": datetime(2026, 2, 28, 3, 12, tzinfo=UTC),
            **fields,
        }

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_campaigns"
        return self

    def paginate(self) -> Any:
        return [{"campaigns": [{"campaignArn": arn} for arn in self.campaigns]}]

    def describe_campaign(self, campaignArn: str) -> Any:
        return {"campaign": self.campaigns[campaignArn]}


class Shop:
    """What a test plants: the history's rows, the service, and Airflow."""

    def __init__(self) -> None:
        self.airflow = PlantedAirflow({"retrain_recommenders", "rollback_campaign", "export_interactions"})
        self.service = PlantedService()
        self.rows: list[Mapping[str, Any]] = []

    def read(self, _client: Any, _bucket: str, _prefix: str, newest: int | None = None) -> Sequence[Any]:
        rows = history.from_parquet(history.to_parquet(self.rows)) if self.rows else []
        runs = list(dict.fromkeys(row["run_id"] for row in rows))[-newest:] if newest else None
        return rows if runs is None else [row for row in rows if row["run_id"] in runs]


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Shop:
    file = tmp_path / "pipeline.yaml"
    file.write_text(yaml.safe_dump(pipeline("shop")))
    monkeypatch.setenv("ENCORE_PIPELINE", str(file))
    planted = Shop()
    monkeypatch.setattr(history, "read", planted.read)
    monkeypatch.setattr(service, "s3", lambda group: None)
    monkeypatch.setattr(service, "personalize", lambda group: planted.service)
    return planted
