"""Which day partitions of the interactions an import reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta

FEWEST_DAYS = 7  # to train on, before any is held back
_IMPORTED = re.compile(r"(?:^|/)(dt)-(\d{4}-\d{2}-\d{2})-\d+\.csv$")


class UnknownImportsError(ValueError):
    """Nothing says which days the service has already."""


def days_until(folders: Iterable[str], as_of: str) -> list[str]:
    """The folders of days up to `as_of` (included, YYYY-MM-DD); folders that are no day are left out."""
    return [folder for folder in folders if folder.startswith("dt=") and folder[3:] <= as_of]


def hold_back(exported: Sequence[str], number: int) -> tuple[list[str], list[str]]:
    """The days to import, and the newest ones, which are not.

    :param exported: keys of exported days, YYYY-MM-DD
    :param number: calendar days to hold back; none if fewer than `FEWEST_DAYS` exported ones would be left
    """
    if not exported:
        return [], []
    cut = (date.fromisoformat(max(exported)) - timedelta(days=number)).isoformat()
    selected = [day for day in exported if day <= cut]
    if len(selected) < FEWEST_DAYS:
        return list(exported), []
    return selected, [day for day in exported if day > cut]


def not_imported(exported: Sequence[str], imported_files: Collection[str]) -> list[str]:
    """The days that an incremental import has to add.

    :param exported: keys of all exported days
    :param imported_files: keys of the files that the imports since the last FULL one read
    :raises UnknownImportsError: if none of them names a day, e.g. because they were cleaned up.
    """
    imported = {match[2] for key in imported_files if (match := _IMPORTED.search(key))}
    if not imported:
        raise UnknownImportsError(
            "import_mode=INCREMENTAL: nothing says which days the service has already (the files of its last imports"
            " are gone, or there were none). Run with FULL once."
        )
    return [day for day in exported if day not in imported]
