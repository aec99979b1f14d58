"""What a worker process is asked to do: one line of JSON on its standard input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localpersonalize.aws.clients import Clients


@dataclass(frozen=True)
class TaskRequest:
    """A task for a resource; `details` are the task's own, `memory` is how many bytes it may have."""

    task: str
    arn: str
    data_dir: Path
    clients: Clients
    details: Mapping[str, Any]
    memory: int | None = None

    def to_line(self) -> bytes:
        values = {
            "task": self.task,
            "arn": self.arn,
            "data_dir": str(self.data_dir),
            "clients": self.clients.to_json(),
            "details": self.details,
            "memory": self.memory,
        }
        return json.dumps(values).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> TaskRequest:
        values = json.loads(line)
        return cls(
            values["task"],
            values["arn"],
            Path(values["data_dir"]),
            Clients.from_json(values["clients"]),
            values["details"],
            values["memory"],
        )
