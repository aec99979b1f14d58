"""`filterValues` of a request: `{"GENRE": "\\"drama\\",\\"comedy\\"", "AGE": "30"}` to the values a filter
compares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from localpersonalize.runtime.filters.errors import FilterParameterError
from localpersonalize.runtime.filters.parser import unquote
from localpersonalize.runtime.filters.syntax import Action, Filter

Literals = tuple[str | float, ...]

_LIST = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))\s*(,|$)')


@lru_cache(maxsize=4096)
def parse_values(raw: str, name: str) -> Literals:
    """Comma separated quoted strings or numbers. `FilterParameterError` where they aren't."""
    values: list[str | float] = []
    at = 0
    more = True
    while more:
        match = _LIST.match(raw, at)
        if match is None:
            raise FilterParameterError(
                f"Invalid value for filter parameter {name}: put each string in double quotes and separate "
                f'values by commas, as in "drama","comedy".'
            )
        quoted, number, separator = match.groups()
        values.append(unquote(quoted) if quoted else float(number))
        at, more = match.end(), separator == ","
    return tuple(values)


def bind(parsed: Filter, raw: Mapping[str, str] | None) -> dict[str, Literals]:
    """Values by parameter name. Parameters of INCLUDE expressions must all be given, those of EXCLUDE may
    be left out.
    """
    values = raw or {}
    unknown = set(values) - parsed.parameter_names()
    if unknown:
        raise FilterParameterError(
            f"The filter has no parameter {', '.join(sorted(unknown))}; "
            f"it has: {', '.join(sorted(parsed.parameter_names())) or 'none'}."
        )
    for expression in parsed.expressions:
        if expression.action is Action.INCLUDE:
            names = {p.name for condition in expression.conditions() for p in condition.parameters()}
            missing = sorted(names - set(values))
            if missing:
                raise FilterParameterError(f"Missing values for filter parameters: {', '.join(missing)}.")
    return {name: parse_values(value, name) for name, value in values.items()}
