"""The records of what batch jobs have cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
from moto import mock_aws

from encore import batch_costs


@mock_aws
def test_what_was_written_before_a_day_is_not_read(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="shop")
    now = datetime.now(UTC)
    row = {"recorded_at": now.isoformat(), "job": "mail", "lines": 1, "usd": 2.0}
    batch_costs.write(s3, "shop", "p", "run-mail", row)
    read = [
        batch_costs.read(s3, "shop", "p", since)
        for since in (None, now.date(), now.date() + timedelta(days=2))
    ]
    assert read == [[row | {"recorded_at": now}], [row | {"recorded_at": now}], []]
