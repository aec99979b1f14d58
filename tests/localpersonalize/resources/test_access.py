"""Locations in S3."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resources.access import require_s3


def test_a_bucket_is_enough() -> None:
    assert require_s3("s3://bucket", "data location") == "s3://bucket"


@pytest.mark.parametrize("location", [None, "", "s3://", "s3:///key", "https://bucket/key", "bucket/s3://x"])
def test_what_is_no_place_in_s3(location: str | None) -> None:
    with pytest.raises(InvalidInputError, match="Invalid data location"):
        require_s3(location, "data location")
