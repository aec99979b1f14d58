"""A partition without rows: is the day empty, or does the database compare numbers with instants?

SQLite and MySQL compare values of different types without an error. A column of epoch seconds is then never within
`>= {{ start }} AND < {{ end }}`, and every day is exported as empty. PostgreSQL refuses such a query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.read.sources import DbApiSource, Source
from airflow_personalize.export.read.sql import markers

_LENIENT = frozenset({"mysql", "sqlite"})
_ALL_INSTANTS = {
    "start": datetime(1000, 1, 1, tzinfo=UTC),
    "end": datetime(9999, 12, 31, tzinfo=UTC),
}
_ALL_NUMBERS = {"start": -(2**62), "end": 2**62}


def require_comparable(source: Source, statement: str, partition: Partition) -> None:
    """Called for a partition that no row was read of.

    :raises ExportError: the query finds rows between any two numbers, but none between any two instants
    """
    bounded = {"start", "end"} <= markers(statement, source.dialect)
    if not isinstance(source, DbApiSource) or source.dialect not in _LENIENT or not bounded:
        return
    one = replace(source, batch_rows=1)
    if _any(one, statement, {**partition.parameters, **_ALL_INSTANTS}):
        return
    if _any(one, statement, {**partition.parameters, **_ALL_NUMBERS}):
        convert = "unix_timestamp" if source.dialect == "mysql" else "unixepoch"
        raise ExportError(
            f"the query gave no row for partition {partition.key!r}, nor for any other day: it compares "
            "{{ start }} and {{ end }}, which are instants, with a column of numbers. Convert them where the "
            f"column holds epoch seconds: column >= {convert}({{{{ start }}}}) AND "
            f"column < {convert}({{{{ end }}}})"
        )


def _any(source: DbApiSource, statement: str, parameters: Mapping[str, Any]) -> bool:
    with source.query(statement, parameters) as rows:
        return next(rows.batches, None) is not None
