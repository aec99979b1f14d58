"""What a retraining will do, as its parameters say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from encore.runs.export_days import FROM_FIRST_INTERACTION


@dataclass(frozen=True)
class RunPlan:
    """The choices of one run, checked."""

    solutions: Sequence[str]
    training_mode: str = "FULL"
    import_mode: str = "FULL"
    as_of: date | None = None
    dry_run: bool = False
    promote: str = "gate"
    data_gate: str = "file"
    history: str = FROM_FIRST_INTERACTION

    def as_json(self) -> dict[str, Any]:
        as_of = self.as_of.isoformat() if self.as_of else None
        return {**vars(self), "solutions": list(self.solutions), "as_of": as_of}
