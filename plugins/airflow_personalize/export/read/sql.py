"""Queries with markers for a partition's bounds.

A marker is `:start`, `:end`, `:low` or `:high`, where a value stands; in a templated file `{{ start }}` renders to
`:partition_start`, which is the same marker. No other text ever enters a query: a marker becomes a bound parameter or,
where the driver's fast path takes none (COPY in PostgreSQL), a literal made from a typed value.

What is a string, a comment or a marker is decided by sqlglot's tokenizer of the database's dialect. The text that the
database gets is the query's own, never one that was parsed and written again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from airflow_personalize.export.exceptions import ExportError, QueryError

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

NAMES = ("start", "end", "low", "high")

_RENDERED = "partition_"

#: What `{{ start }}` renders to: a name that no text of a query has by chance.
JINJA_MARKERS: Mapping[str, str] = {name: f":{_RENDERED}{name}" for name in NAMES}

_MARKER = re.compile(rf"({_RENDERED})?({'|'.join(NAMES)})\Z")
_QUOTED = re.compile(rf":{_RENDERED}({'|'.join(NAMES)})\b")
_WITH_TIME_ZONE = frozenset({"postgres", "redshift"})
_INSTANTS_ARE_TEXT = frozenset({"sqlite", "tsql"})
_WRITES = frozenset(
    {"ALTER", "CREATE", "DELETE", "DROP", "GRANT", "INSERT", "MERGE", "REPLACE", "TRUNCATE", "UPDATE"}
)


@dataclass(frozen=True)
class Marker:
    """A marker in the text of a query: characters `start` to `end` (excluded), and its line, counted from 1."""

    name: str
    start: int
    end: int
    line: int


@dataclass(frozen=True)
class Query:
    """One statement without what follows it (semicolons, comments), and its markers in their order.

    :param quoted: markers in quotes, which are plain text to the database
    """

    text: str
    markers: Sequence[Marker]
    tokens: Sequence[Token]
    quoted: Sequence[Marker] = ()

    @property
    def writes(self) -> str | None:
        """What is wrong with a statement that is no query; None for a query."""
        first = self.tokens[0].text.upper()
        return f"the query begins with {first}: it must be a SELECT" if first in _WRITES else None

    def replace(self, written: Callable[[str], str], rest: Callable[[str], str] = str) -> str:
        """The text with each marker written by its name, and the rest as `keep` gives it."""
        pieces, position = [], 0
        for marker in self.markers:
            before = self.text[position : marker.start]
            joined = " " if before[-1:].isalnum() else ""  # as `AND{{- end }}` renders
            pieces += [rest(before), joined, written(marker.name)]
            position = marker.end
        return "".join([*pieces, rest(self.text[position:])])


def with_literals(query: str, parameters: Mapping[str, Any], dialect: str | None = "postgres") -> str:
    """The query with literals of PostgreSQL or MySQL for its markers."""
    return checked(query, dialect).replace(lambda name: literal(_value(name, parameters), dialect))


def condition(text: str, parameters: Mapping[str, Any], dialect: str | None) -> str:
    """A part of a query, a condition or an expression, with literals for its markers."""
    part = read(text, dialect)
    if part.quoted:
        raise QueryError(quoted_problem(part.quoted[0].name), part.quoted[0].line)
    return part.replace(lambda name: literal(_value(name, parameters), dialect))


def with_placeholders(
    query: str,
    parameters: Mapping[str, Any],
    placeholder: str,
    adapt: Callable[[Any], Any] = lambda value: value,
    dialect: str | None = None,
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

    statement = checked(query, dialect)
    if not statement.markers:
        return statement.text, None
    doubled = placeholder == "%s"
    return statement.replace(bind, lambda text: text.replace("%", "%%") if doubled else text), values


def markers(query: str, dialect: str | None = None) -> set[str]:
    """The names of the markers in the query."""
    return {marker.name for marker in read(query, dialect).markers}


def checked(query: str, dialect: str | None = None) -> Query:
    """The query as it may be run.

    :raises QueryError: as `read`, and when a marker is in quotes or the statement writes
    """
    statement = read(query, dialect)
    if statement.quoted:
        raise QueryError(quoted_problem(statement.quoted[0].name), statement.quoted[0].line)
    if statement.writes:
        raise QueryError(statement.writes, statement.tokens[0].line)
    return statement


def quoted_problem(name: str) -> str:
    return (
        f"the marker {{{{ {name} }}}} is in quotes, so the database would compare with the text of the marker. "
        "Write it without quotes: it becomes a value with a type of its own"
    )


def read(query: str, dialect: str | None = None) -> Query:
    """The query's one statement.

    :param dialect: sqlglot's name of the database's SQL; None: sqlglot's own, which is permissive
    :raises QueryError: it is empty, holds several statements, or a string or comment does not end
    """
    tokens = _tokens(query, dialect)
    statement = [token for token in tokens if token.token_type.name != "SEMICOLON"]
    if not statement:
        raise QueryError("the query is empty: it has no statement, only comments or blanks", 1)
    within = [token for token in tokens if statement[0].start < token.start < statement[-1].start]
    ends = [token for token in within if token.token_type.name == "SEMICOLON"]
    if ends:
        raise QueryError("the query holds several statements: leave one SELECT", ends[0].line)
    return Query(
        query[: statement[-1].end + 1], _markers(query, statement), statement, _quoted(query, statement)
    )


def literal(value: Any, dialect: str | None = "postgres") -> str:
    """A literal; only for values of our own making, never for data.

    :param dialect: PostgreSQL and its kin name the time zone, others take UTC in a session that is in it
    """
    if isinstance(value, bool) or not isinstance(value, int | str | date):
        raise ExportError(
            f"{value!r} cannot be a bound of a partition: use a timestamp, a date or an integer"
        )
    if isinstance(value, datetime):
        instant = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        if dialect in _WITH_TIME_ZONE:
            return f"TIMESTAMPTZ '{instant.isoformat()}'"
        text = f"'{instant.replace(tzinfo=None).isoformat(sep=' ')}'"
        return text if dialect in _INSTANTS_ARE_TEXT else f"TIMESTAMP {text}"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int):
        return f"({value})"
    if "\0" in value or "\\" in value:
        raise ExportError(f"{value!r} cannot be a bound of a partition: it holds a backslash or a zero byte")
    return "'" + value.replace("'", "''") + "'"


def _tokens(query: str, dialect: str | None) -> list[Token]:
    # Not at the top: DAG files import this module, and sqlglot takes a third of a second.
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.errors import TokenError

    try:
        return list(Dialect.get_or_raise(dialect).tokenize(query))
    except TokenError as error:
        raise QueryError(
            f"the query cannot be read as {dialect or 'SQL'}: a string, a quoted name or a comment that begins in "
            "it does not end",
            query.rstrip().count("\n") + 1,
        ) from error


def _markers(query: str, tokens: Sequence[Token]) -> list[Marker]:
    """A colon and a name right after it; a short name not after a word, as in `array[a:end]`."""
    markers = []
    for position, colon in enumerate(tokens[:-1]):
        following = tokens[position + 1]
        if colon.token_type.name != "COLON" or following.start != colon.end + 1:
            continue
        before = query[colon.start - 1 : colon.start]
        name = _MARKER.match(query[following.start : following.end + 1])
        if name and (name[1] or not (before == ":" or before == "_" or before.isalnum())):
            markers.append(Marker(name[2], colon.start, following.end + 1, colon.line))
    return markers


def _quoted(query: str, tokens: Sequence[Token]) -> list[Marker]:
    markers = []
    for token in tokens:
        for match in _QUOTED.finditer(query, token.start, token.end + 1):
            if match.start() > token.start:  # within the token, so within its quotes
                line = token.line - query.count("\n", match.start(), token.end + 1)
                markers.append(Marker(match[1], match.start(), match.end(), line))
    return markers


def _value(name: str, parameters: Mapping[str, Any]) -> Any:
    if name not in parameters:
        raise ExportError(
            f"the query uses {{{{ {name} }}}}, but the partition has no {name}. "
            "Give the partition that bound, or take the marker out of the query"
        )
    return parameters[name]
