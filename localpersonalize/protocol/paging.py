"""Pages of List operations and their tokens."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from localpersonalize.protocol.errors import InvalidNextTokenError

PAGE_SIZE = 100
_PREFIX = "from:"

Item = TypeVar("Item")


def page(items: Sequence[Item], params: Mapping[str, Any]) -> tuple[Sequence[Item], str | None]:
    """One page of a list and the token of the next.

    :param params: of the request: `maxResults`, `nextToken`.
    :raises InvalidNextTokenError: if the token is not one of ours.
    """
    start, size = 0, params.get("maxResults") or PAGE_SIZE
    if params.get("nextToken"):
        try:
            start = int(base64.b64decode(params["nextToken"], validate=True).decode().removeprefix(_PREFIX))
        except (ValueError, binascii.Error):
            raise InvalidNextTokenError("The nextToken is not valid.") from None
    end = start + size
    token = base64.b64encode(f"{_PREFIX}{end}".encode()).decode() if end < len(items) else None
    return items[start:end], token
