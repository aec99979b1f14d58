"""Pages of List operations and their tokens."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from localpersonalize.protocol.errors import InvalidNextTokenError

PAGE_SIZE = 100
_PREFIX = "from:"
_TOKEN = re.compile(rf"{_PREFIX}([1-9][0-9]{{0,8}}):([0-9a-f]{{16}})")

Item = TypeVar("Item")


def page(items: Sequence[Item], params: Mapping[str, Any]) -> tuple[Sequence[Item], str | None]:
    """One page of a list and the token of the next.

    :param params: of the request: `maxResults`, `nextToken`.
    :raises InvalidNextTokenError: if the token is not one of ours.
    """
    size, listing = params.get("maxResults") or PAGE_SIZE, _listing(params)
    start = _start(params["nextToken"], listing) if params.get("nextToken") else 0
    end = start + size
    token = base64.b64encode(f"{_PREFIX}{end}:{listing}".encode()).decode() if end < len(items) else None
    return items[start:end], token


def _listing(params: Mapping[str, Any]) -> str:
    """Of which list a token is: the same one goes on, another does not begin in its middle."""
    filters = sorted(
        (name, str(value)) for name, value in params.items() if name not in ("maxResults", "nextToken")
    )
    return hashlib.sha256(repr(filters).encode()).hexdigest()[:16]


def _start(token: str, listing: str) -> int:
    try:
        match = _TOKEN.fullmatch(base64.b64decode(token, validate=True).decode())
    except (ValueError, binascii.Error):
        match = None
    if match is None or match[2] != listing:
        raise InvalidNextTokenError("The nextToken is not valid.")
    return int(match[1])
