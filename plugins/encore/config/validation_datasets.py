"""What must hold for each dataset of a group: its files, and the settings that only interactions have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from encore.config.models import Dataset, DatasetType
from encore.config.problems import Location, Problem, file_problems

#: Settings of a dataset that is exported day by day.
_OF_DAYS = ("splits", "settle_minutes", "reexport_days")


def problems(at: Location, kind: DatasetType, dataset: Dataset, include: Path) -> Iterator[Problem]:
    """What makes the section unusable."""
    yield from file_problems((*at, "schema"), dataset.avro_schema, ".json", include)
    yield from file_problems((*at, "sql"), dataset.sql, ".sql", include)
    if dataset.bounds_sql:
        yield from file_problems((*at, "bounds_sql"), dataset.bounds_sql, ".sql", include)
    if dataset.titles_sql:
        yield from file_problems((*at, "titles_sql"), dataset.titles_sql, ".sql", include)
        if kind == "interactions":
            yield Problem((*at, "titles_sql"), "is for users and items")
    for key in _OF_DAYS if kind != "interactions" else ():
        if getattr(dataset, key) != Dataset.model_fields[key].default:
            yield Problem((*at, key), f"{kind} are exported whole, by one task")
    if dataset.bounds_sql and dataset.splits == 1:
        yield Problem((*at, "bounds_sql"), "is for `splits` of 2 or more")
    names = [check.name for check in (*dataset.table_checks, *dataset.column_checks)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(at, f"two checks have the name {name}")
