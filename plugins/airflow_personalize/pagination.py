"""Finding resources in the service's lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def find_by(
    client: Any,
    operation: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    matches: Callable[[Mapping[str, Any]], bool] | None = None,
) -> dict[str, Any] | None:
    """The first entry of a paged list that has the name, or that `matches`; None if there is none."""
    matches = matches or (lambda entry: entry.get("name") == name)
    for page in client.get_paginator(operation).paginate(**(arguments or {})):
        for value in page.values():
            for entry in value if isinstance(value, list) else ():
                if matches(entry):
                    return dict(entry)
    return None
