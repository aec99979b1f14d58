"""The service as the page sees it: the same operations that applications call, and the data in memory."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localpersonalize.protocol.errors import NotFoundError
from localpersonalize.runtime.engine import Runtime

Call = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Performs an operation; its answer is as on the wire. Raises `ServiceError`."""


@dataclass(frozen=True)
class Start:
    """What a shell needs before it can call the service."""

    endpoint: str
    region: str
    credentials_file: str | None
    """None if the keys are those of the server's environment."""
    takes_any_keys: bool = False

    @property
    def exports(self) -> str:
        """The command that points SDKs and the AWS CLI at the service."""
        if self.takes_any_keys:
            keys = "AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any"
        elif self.credentials_file:
            keys = f"AWS_SHARED_CREDENTIALS_FILE={shlex.quote(self.credentials_file)}"
        else:
            keys = "AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=..."
        return f"export AWS_ENDPOINT_URL={self.endpoint} AWS_REGION={self.region} {keys}"


@dataclass(frozen=True)
class Service:
    """What the page is made from.

    `progress`: the newest word of the worker of a resource, by its ARN; empty if it has said nothing.
    """

    call: Call
    engine: Runtime
    progress: Callable[[str], str]
    start: Start

    def all(self, operation: str, **parameters: Any) -> list[dict[str, Any]]:
        """Everything that a List operation has, over all of its pages, oldest first."""
        return list(self._pages(operation, parameters))

    def describe(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The resource that a Describe operation answers.

        :raises NotFoundError: if it is gone.
        """
        (resource,) = self.call(operation, parameters).values()
        return dict(resource)

    def find(self, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """The same; None if it has gone since it was listed."""
        try:
            return self.describe(operation, **parameters)
        except NotFoundError:
            return None

    def _pages(self, operation: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            answer = self.call(operation, {**parameters, **token})
            for member, value in answer.items():
                if member != "nextToken":
                    yield from value
            if not answer.get("nextToken"):
                return
            token = {"nextToken": answer["nextToken"]}
