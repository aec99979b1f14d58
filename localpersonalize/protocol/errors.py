"""Errors as callers of AWS see them: an exception name of the service model, a message, a status."""

from __future__ import annotations


class ServiceError(Exception):
    """An answer that is an error. `code` is the exception's name on the wire."""

    code = "InternalFailure"
    status = 400

    def __init__(self, message: str, *, code: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status


class InvalidInputError(ServiceError):
    """A value is wrong, alone or beside another."""

    code = "InvalidInputException"


class NotFoundError(ServiceError):
    """No resource has this ARN."""

    code = "ResourceNotFoundException"


class AlreadyExistsError(ServiceError):
    """The name is taken."""

    code = "ResourceAlreadyExistsException"


class InUseError(ServiceError):
    """The resource is changing, or others depend on it."""

    code = "ResourceInUseException"


class LimitExceededError(ServiceError):
    """A quota of the service is reached."""

    code = "LimitExceededException"


class InvalidNextTokenError(ServiceError):
    """A list is continued with a token that no list gave out."""

    code = "InvalidNextTokenException"


class TooManyTagsError(ServiceError):
    """More than 50 tags on a resource."""

    code = "TooManyTagsException"


class TooManyTagKeysError(ServiceError):
    """More than 50 tag keys in a request."""

    code = "TooManyTagKeysException"


class AccessDeniedError(ServiceError):
    """The request's signature or key is not accepted; `code` says which."""

    status = 403
