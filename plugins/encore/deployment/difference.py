"""One difference between the pipeline file and the account, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["create", "update", "blocked", "left"]


@dataclass(frozen=True)
class Difference:
    """One resource that is not as the file has it.

    :param action: what a run does: create or update it; blocked: the service can't change it, the run would fail;
        left: the account has it and the file doesn't, and a run leaves it alone
    """

    action: Action
    what: str
    details: str = ""


def is_difference(entry: Difference) -> bool:
    """Whether a run would do something about it, or fail; what is left alone is none."""
    return entry.action != "left"


def changed(what: str, current: Any, wanted: Any) -> str:
    """What a setting is and what it is to be, in words."""
    return f"{what}: {_format(current)} -> {_format(wanted)}"


def _format(value: Any) -> str:
    return "none" if value is None else repr(value) if isinstance(value, str) else str(value)
