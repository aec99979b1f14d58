"""Quotas of an account: the service's defaults, and a file that changes some of them.

Source: "Amazon Personalize endpoints and quotas" of the developer guide. Dataset groups and solutions can be raised on
request there; here they begin raised. The file is TOML::

    [total]                  # of schemas and dataset groups in the account, of others in a dataset group
    Campaign = 20
    [pending]                # at most so many being made at a time
    DatasetImportJob = 10
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TOTAL: Mapping[str, int] = {
    "Schema": 500,
    "DatasetGroup": 500,
    "Solution": 500,
    "Campaign": 5,
    "Recommender": 5,
    "Filter": 10,
    "EventTracker": 1,
    "MetricAttribution": 1,
}
PENDING: Mapping[str, int] = {
    "DatasetImportJob": 5,
    "DatasetExportJob": 5,
    "DataDeletionJob": 5,
    "BatchInferenceJob": 5,
    "BatchSegmentJob": 5,
    "SolutionVersion": 20,
}
FILE = "quotas.toml"


class QuotasError(ValueError):
    """The file of quotas can't be used; the text says why."""


@dataclass(frozen=True)
class Quotas:
    """By kind of resource."""

    total: Mapping[str, int] = field(default_factory=lambda: TOTAL)
    pending: Mapping[str, int] = field(default_factory=lambda: PENDING)


def load(file: Path) -> Quotas:
    """The defaults with what a file changes; a file that does not exist changes nothing.

    :raises QuotasError: naming the file and the entry that is not a quota.
    """
    if not file.exists():
        return Quotas()
    try:
        overrides = tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise QuotasError(f"{file}: {error}") from None
    known = {"total": TOTAL, "pending": PENDING}
    for table, entries in overrides.items():
        if table not in known or not isinstance(entries, dict):
            raise QuotasError(f"{file}: {table} is no table of quotas. Use [total] and [pending].")
        for name, value in entries.items():
            if name not in known[table]:
                raise QuotasError(f"{file}: [{table}] has no {name}. It has {', '.join(known[table])}.")
            if type(value) is not int or value < 0:
                raise QuotasError(f"{file}: {name} is {value!r}; it must be a whole number, 0 or more.")
    return Quotas(**{table: {**defaults, **overrides.get(table, {})} for table, defaults in known.items()})
