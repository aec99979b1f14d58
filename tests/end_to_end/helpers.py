"""Small things that several end-to-end tests need."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from demo import product_database


def history(stack) -> dict[str, str]:
    """Params of `export_interactions` for everything that the product database has."""
    first, last = product_database.history(stack.database)
    return {"from_date": first.isoformat(), "to_date": last.isoformat()}


def wait_for(status: Callable[[], str], seconds: float = 120) -> None:
    """Wait until a resource is ACTIVE."""
    deadline = time.monotonic() + seconds
    while (seen := status()) != "ACTIVE":
        assert "FAILED" not in seen, seen
        assert time.monotonic() < deadline, seen
        time.sleep(0.3)


def manifests(s3: Any, kind: str = "interactions") -> dict[str, bytes]:
    """The shop's manifest of each partition, by its key; an export replaces it."""
    root = f"shop/{kind}/"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="encore-shop", Prefix=root)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    return {
        key.removeprefix(f"{root}dt=").split("/")[0]: s3.get_object(Bucket="encore-shop", Key=key)[
            "Body"
        ].read()
        for key in keys
        if key.endswith("_manifest.json")
    }
