"""Why a request to the runtime is refused; ``code`` is the modelled exception of the wire."""

from __future__ import annotations


class RequestRefused(Exception):
    """Base: the text is the message that the caller sees."""

    code = "InvalidInputException"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(RequestRefused):
    """A parameter has a wrong value, or doesn't go with the campaign's recipe."""

    code = "InvalidInputException"


class ResourceNotFound(RequestRefused):
    """There is no such campaign, recommender or filter."""

    code = "ResourceNotFoundException"
