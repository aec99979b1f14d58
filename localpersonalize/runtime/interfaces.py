"""What the runtime needs from the rest of the service, and nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from localpersonalize.resource_types import Resource, ResourceKind
from localpersonalize.runtime.histories import StreamedEvent


class Resources(Protocol):
    """The service's resources."""

    def find(self, kind: ResourceKind[Resource], arn: str) -> Resource | None:
        """The resource of this ARN, None if there is none or it is of another kind."""

    def model_directory(self, solution_version_arn: str) -> Path:
        """Where the training left the model."""


class Datasets(Protocol):
    """The data of dataset groups; columns in upper case."""

    def bulk_interactions(self, group_arn: str) -> pa.Table | None:
        """Imported interactions: USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE, EVENT_VALUE; None without any."""

    def streamed_events(self, group_arn: str) -> Iterable[StreamedEvent]:
        """Every event that `PutEvents` accepted, oldest first."""

    def items(self, group_arn: str) -> pa.Table | None:
        """The Items dataset, records put one by one included, one row an id."""

    def users(self, group_arn: str) -> pa.Table | None:
        """The Users dataset, likewise."""

    def schema(self, group_arn: str, dataset_type: str) -> Mapping[str, Any] | None:
        """The Avro schema of a dataset (`ITEMS`, ...), None if the group has no such dataset."""
