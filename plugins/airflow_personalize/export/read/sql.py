"""Queries with markers for a partition's bounds.

A marker is `:start`, `:end`, `:low` or `:high`, where a value stands; in a templated file `{{ start }}`
renders to it. No other text ever enters a query: a marker becomes a bound parameter or, where the driver's
fast path takes none (COPY in PostgreSQL), a literal made from a typed value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from airflow_personalize.export.exceptions import ExportError

NAMES = ("start", "end", "low", "high")

#: What `{{ start }}` renders to.
JINJA_MARKERS: Mapping[str, str] = {name: f":{name}" for name in NAMES}

# Text in quotes and comments comes first, so that nothing inside of them is taken for a marker.
_TOKENS = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|(?<![:\w]):(?P<name>start|end|low|high)\b""",
    re.DOTALL,
)


def with_literals(query: str, parameters: Mapping[str, Any]) -> str:
    """The query with PostgreSQL literals for its markers."""
    return _replace(query, lambda name: literal(_value(name, parameters)))


def with_placeholders(
    query: str,
    parameters: Mapping[str, Any],
    placeholder: str,
    adapt: Callable[[Any], Any] = lambda value: value,
) -> tuple[str, list[Any] | None]:
    """The query with the driver's placeholders, and the values to bind in their order.

    :param placeholder: `?`, or `%s` (for which other percent signs are doubled)
    :param adapt: turns a value into what the driver binds
    :return: values None when the query has no marker, so that the driver leaves percent signs alone
    """
    values: list[Any] = []

    def bind(name: str) -> str:
        values.append(adapt(_value(name, parameters)))
        return placeholder

    if not markers(query):
        return query, None
    if placeholder == "%s":
        query = query.replace("%", "%%")
    return _replace(query, bind), values


def markers(query: str) -> set[str]:
    """The names of the markers in the query."""
    return {match["name"] for match in _TOKENS.finditer(query) if match["name"]}


def literal(value: Any) -> str:
    """A PostgreSQL literal; only for values of our own making, never for data."""
    if isinstance(value, bool) or not isinstance(value, int | str | date):
        raise ExportError(
            f"{value!r} cannot be a bound of a partition: use a timestamp, a date or an integer"
        )
    if isinstance(value, datetime):
        instant = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return f"TIMESTAMPTZ '{instant.isoformat()}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int):
        return f"({value})"
    if "\0" in value or "\\" in value:
        raise ExportError(f"{value!r} cannot be a bound of a partition: it holds a backslash or a zero byte")
    return "'" + value.replace("'", "''") + "'"


def _replace(query: str, written: Callable[[str], str]) -> str:
    query = query.strip().rstrip(";").rstrip()
    return _TOKENS.sub(lambda match: written(match["name"]) if match["name"] else match[0], query)


def _value(name: str, parameters: Mapping[str, Any]) -> Any:
    if name not in parameters:
        raise ExportError(
            f"the query uses {{{{ {name} }}}}, but the partition has no {name}. "
            "Give the partition that bound, or take the marker out of the query"
        )
    return parameters[name]
