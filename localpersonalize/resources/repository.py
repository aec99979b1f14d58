"""Resources by kind and ARN: the database's rows with the types of `localpersonalize.resource_types`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from localpersonalize.database import Database
from localpersonalize.protocol.errors import NotFoundError
from localpersonalize.resource_types import Resource, ResourceKind


class Repository:
    """Reads and changes resources; whatever it changes is on disk when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, kind: ResourceKind[Resource], arn: str) -> Resource | None:
        """The resource of this ARN, None if there is none or it is of another kind."""
        return cast("Resource | None", self._database.get(arn, kind.name))

    def require(self, kind: ResourceKind[Resource], arn: str) -> Resource:
        """The resource of this ARN.

        :raises NotFoundError: if there is none, or it is of another kind.
        """
        body = self.find(kind, arn)
        if body is None:
            raise NotFoundError(
                f"Could not find a resource of kind {kind.name} with Amazon Resource Name {arn}."
            )
        return body

    def all(self, kind: ResourceKind[Resource], parent: str | None = None) -> list[Resource]:
        """Resources of a kind, oldest first; with `parent` those of one parent."""
        return cast("list[Resource]", self._database.all(kind.name, parent))

    def exists(self, arn: str) -> bool:
        """Whether there is a resource, of whatever kind, with this ARN."""
        return self._database.get(arn) is not None

    def add(
        self, kind: ResourceKind[Resource], arn: str, body: Mapping[str, Any], parent: str | None = None
    ) -> Resource:
        """Keep a new resource, with its times of creation and change.

        :raises AlreadyExistsError: if the ARN is taken.
        """
        return cast("Resource", self._database.add(kind.name, arn, body, parent))

    def change(self, kind: ResourceKind[Resource], arn: str, **changes: Any) -> Resource | None:
        """Set members of a resource (None removes one) and its time of change; None if it is gone."""
        return cast("Resource | None", self._database.change(arn, **changes))

    def remove(self, arn: str) -> None:
        self._database.remove(arn)
