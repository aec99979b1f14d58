"""Why a request to the runtime is refused, with the code and status of the runtime's service model."""

from __future__ import annotations

from localpersonalize.protocol.errors import InvalidInput, NotFound, ServiceError

__all__ = ["InvalidInput", "RequestRefused", "ResourceNotFound"]

RequestRefused = ServiceError
"""Any refusal; its text is the message that the caller sees."""


class ResourceNotFound(NotFound):
    """There is no such campaign, recommender or filter: 404, where the control plane says 400."""

    status = 404
