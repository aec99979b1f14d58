"""One check of a gate: what was found beside the limit, and whether it passed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One check: what was found, the limit, and whether it passed.

    :param name: of what; `<name> is <value>, the limit <limit>` is a sentence
    :param advice: what to do when it failed
    """

    name: str
    value: str
    limit: str
    passed: bool
    advice: str = ""

    @property
    def cells(self) -> tuple[str, str, str, str]:
        return self.name, self.value, self.limit, "good" if self.passed else "FAILED"
