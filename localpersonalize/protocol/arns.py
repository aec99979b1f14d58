"""Names of resources as the service writes them: `DatasetGroup`, `datasetGroup`, `dataset-group`, and ARNs."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


def member_name(kind: str) -> str:
    """`DatasetGroup` as the wire calls a member that holds one: `datasetGroup`."""
    return kind[0].lower() + kind[1:]


def resource_type(kind: str) -> str:
    """`DatasetGroup` as ARNs call it: `dataset-group`."""
    return _WORD_START.sub("-", kind).lower()


@dataclass(frozen=True)
class AwsAccount:
    """An account in a region: what ARNs begin with."""

    region: str = "us-east-1"
    number: str = "123456789012"

    def arn(self, kind: str, *names: str) -> str:
        """The ARN of a resource, by its kind and its name."""
        path = "/".join((resource_type(kind), *names))
        return f"arn:aws:personalize:{self.region}:{self.number}:{path}"
