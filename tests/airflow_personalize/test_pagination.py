"""Lists are read to their last page, in S3 and in the service."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from airflow_personalize.pagination import find_by, list_all, list_folders, list_objects, split_uri

KEYS = [f"shop/items/dt={number:04d}/part-{number:04d}.csv" for number in range(1_200)]


class Pages:
    """A client whose list operation has two pages."""

    def get_paginator(self, operation: str) -> Pages:
        assert operation == "list_solutions"
        return self

    def paginate(self, **arguments: str) -> list[dict]:
        assert arguments == {"datasetGroupArn": "g"}
        return [
            {"solutions": [{"name": "one"}], "nextToken": "t", "ResponseMetadata": {"RetryAttempts": 0}},
            {"solutions": [{"name": "two", "status": "ACTIVE"}], "ResponseMetadata": {}},
        ]


@pytest.fixture
def s3(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="lake")
        for key in [*KEYS, "shop/items/_notes.txt", "shop/users/a.csv"]:
            client.put_object(Bucket="lake", Key=key, Body=b"")
        yield client


def test_entries_of_all_pages_come_one_after_the_other():
    names = [entry["name"] for entry in list_all(Pages(), "list_solutions", datasetGroupArn="g")]
    assert names == ["one", "two"]


def test_an_entry_is_found_on_a_later_page_by_name_or_by_what_it_is():
    assert find_by(Pages(), "list_solutions", name="two", datasetGroupArn="g")["status"] == "ACTIVE"
    active = find_by(Pages(), "list_solutions", matches=lambda entry: "status" in entry, datasetGroupArn="g")
    assert active["name"] == "two"
    assert find_by(Pages(), "list_solutions", name="three", datasetGroupArn="g") is None


def test_objects_and_folders_beyond_the_first_thousand_are_listed(s3):
    assert [entry["Key"] for entry in list_objects(s3, "lake", "shop/items/dt=")] == KEYS
    assert list_folders(s3, "lake", "shop/items/") == [f"dt={number:04d}" for number in range(1_200)]
    assert list_folders(s3, "lake", "nothing/") == []


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("s3://lake/shop/a.csv", ("lake", "shop/a.csv")),
        ("s3://lake/shop/", ("lake", "shop/")),
        ("s3://lake", ("lake", "")),
    ],
)
def test_a_location_is_a_bucket_and_a_key(uri, parts):
    assert split_uri(uri) == parts
