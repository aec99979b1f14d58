"""Locations in S3."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resources.access import require_s3


def test_a_bucket_is_enough() -> None:
    assert require_s3("s3://bucket", "data location") == "s3://bucket"


NO_BUCKETS = [
    "s3://x",
    "s3://Bad_Name/a",
    "s3://192.168.0.1/k",
    "s3://a..b/k",
    "s3://bucket/\x01",
    "s3://bucket/a\nb",
]


@pytest.mark.parametrize("location", NO_BUCKETS)
def test_what_no_bucket_may_be_called_is_refused_when_it_is_sent(location: str) -> None:
    with pytest.raises(InvalidInputError, match="Invalid data location"):
        require_s3(location, "data location")


@pytest.mark.parametrize("location", [None, "", "s3://", "s3:///key", "https://bucket/key", "bucket/s3://x"])
def test_what_is_no_place_in_s3(location: str | None) -> None:
    with pytest.raises(InvalidInputError, match="Invalid data location"):
        require_s3(location, "data location")
