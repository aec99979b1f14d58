"""Small things that several end-to-end tests need."""

from __future__ import annotations

import time
from collections.abc import Callable

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
