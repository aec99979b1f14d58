"""Why a request to the runtime is refused, with the code and status of the runtime's service model."""

from __future__ import annotations

from localpersonalize.protocol.errors import InvalidInputError, NotFoundError, ServiceError

__all__ = ["InvalidInputError", "RequestRefusedError", "ResourceNotFoundError"]

RequestRefusedError = ServiceError
"""Any refusal; its text is the message that the caller sees."""


class ResourceNotFoundError(NotFoundError):
    """There is no such campaign, recommender or filter: 404, where the control plane says 400."""

    status = 404
