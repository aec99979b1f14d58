"""What the tests of this folder share: a dataset group known by heart, and an S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
from moto import mock_aws

from localpersonalize.runtime.deployment import GroupData
from localpersonalize.runtime.histories import Histories
from localpersonalize.runtime.metadata import Metadata
from tests.support.localpersonalize.planted_resources import PlantedResources
from tests.support.localpersonalize.planted_runtime import ITEMS, AfterItem, NextItem, PlantedRuntime, Ranker


@pytest.fixture
def world() -> PlantedRuntime:
    items = pa.table(
        {
            "ITEM_ID": ITEMS,
            "GENRE": ["odd" if n % 2 else "even|small" if n < 4 else "even" for n in range(10)],
            "PRICE": pa.array([float(n) for n in range(10)], pa.float32()),
        }
    )
    users = pa.table({"USER_ID": ["u1", "u2", "young"], "AGE": [30, 40, 10], "TIER": ["gold", None, "free"]})
    interactions = pa.table(
        {
            "USER_ID": ["u1", "u1", "u2", "u3"],
            "ITEM_ID": ["i1", "i2", "i7", "gone"],
            "TIMESTAMP": [100, 200, 100, 100],
            "EVENT_TYPE": ["view", "buy", "view", "view"],
        }
    )
    data = GroupData(
        Histories(interactions),
        Metadata(users, "USER_ID"),
        Metadata(items, "ITEM_ID", frozenset({"GENRE"}), fields=frozenset(items.column_names)),
    )
    made = PlantedRuntime(data)
    made.deploy("next", NextItem())
    made.deploy("after", AfterItem(), "RELATED_ITEMS")
    made.deploy("rank", Ranker(), "PERSONALIZED_RANKING")
    return made


@pytest.fixture
def shop(tmp_path: Path) -> PlantedResources:
    return PlantedResources(tmp_path)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A boto3 client of an S3 with the bucket `jobs`."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", "us-east-1")
        client.create_bucket(Bucket="jobs")
        yield client
