"""Updates of resources, most of which stay ACTIVE meanwhile: the `latest...Update` that shows how far one is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from localpersonalize.protocol.errors import InUseError
from localpersonalize.resource_types import ACTIVE, AT_REST, CREATE_PENDING, Status

MEMBERS = (
    "latestDatasetUpdate",
    "latestSolutionUpdate",
    "latestCampaignUpdate",
    "latestRecommenderUpdate",
)


def is_updating(body: Mapping[str, Any]) -> bool:
    """Whether an update of a resource has not come to an end."""
    return any(body[member]["status"] not in AT_REST for member in MEMBERS if member in body)


def require_no_update(body: Mapping[str, Any], what: str) -> None:
    """
    :param what: how the error calls it.
    :raises InUseError: while it is being updated.
    """
    if is_updating(body):
        raise InUseError(f"{what} is being updated.")


def new_update(**members: Any) -> dict[str, Any]:
    """An update that has yet to begin."""
    now = time.time()
    return {"status": CREATE_PENDING, "creationDateTime": now, "lastUpdatedDateTime": now, **members}


def ended(update: Mapping[str, Any], status: Status = ACTIVE, **members: Any) -> dict[str, Any]:
    """An update that has come to its end, or to the state named."""
    return {**update, "status": status, "lastUpdatedDateTime": time.time(), **members}
