"""What is wrong with a query file before it is ever run: its markers, and how its rows are compared with them.

A partition is half-open. Its query has to compare with `>= {{ start }}` and `< {{ end }}`; whatever takes in the end,
or does not ask for it at all, gives rows that belong to other partitions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from airflow_personalize.export.exceptions import QueryError
from airflow_personalize.export.read.query_template import QueryProblem, one_brace, read_template
from airflow_personalize.export.read.sql import Query, quoted_problem, read

if TYPE_CHECKING:
    from sqlglot import exp

#: The dialects that are tried for a database that nothing is known about.
USUAL = ("postgres", "mysql", "sqlite")

_UPPER = {"end": "start", "high": "low"}


class Role(Enum):
    """What a comparison makes of a marker."""

    FROM = "at or after"
    AFTER = "after"
    BEFORE = "before"
    UNTIL = "at or before"
    OTHER = "something else"


@dataclass(frozen=True)
class Findings:
    """`problems` make the query unusable; `warnings` say what could not be looked at."""

    problems: Sequence[QueryProblem]
    warnings: Sequence[QueryProblem] = ()


def check_query(
    text: str, dialect: str | None, needed: Collection[str] = (), allowed: Collection[str] = ()
) -> Findings:
    """Look at a query file.

    :param text: the file, before it is rendered
    :param dialect: sqlglot's name of the database's SQL; None: the usual ones are tried
    :param needed: markers that must be there
    :param allowed: markers that may be there besides
    """
    template = read_template(text)
    if not template.sql:
        empty = [] if template.problems else [QueryProblem(1, "the query is empty")]
        return Findings([*template.problems, *empty])
    known = dialect or _fitting(template.sql)
    try:
        query = read(template.sql, known)
    except QueryError as error:
        return Findings([*template.problems, QueryProblem(error.line, error.problem)])
    problems = [*template.problems, *_of_text(query), *_of_names(query, set(needed), set(allowed))]
    tree = _parsed(_numbered(query), known)
    warnings: list[QueryProblem] = []
    if isinstance(tree, QueryProblem):
        warnings.append(tree)
    else:
        problems += _of_comparisons(tree, query, set(needed))
    return Findings(sorted(problems, key=lambda problem: problem.line), warnings)


def _of_text(query: Query) -> Iterator[QueryProblem]:
    for match in one_brace(query.text):
        if any(token.start <= match.start() <= token.end for token in query.tokens):  # not in a comment
            yield QueryProblem(
                query.text.count("\n", 0, match.start()) + 1,
                f"{match[0]} has one brace too few: a marker is written {{{{ {match[1]} }}}}",
            )
    for marker in query.quoted:
        yield QueryProblem(marker.line, quoted_problem(marker.name))
    if query.writes:
        yield QueryProblem(query.tokens[0].line, query.writes)


def _of_names(query: Query, needed: set[str], allowed: set[str]) -> Iterator[QueryProblem]:
    """Markers that are missing, and those that no partition of the dataset has a value for."""
    present = {marker.name for marker in query.markers}
    mentioned = present | {marker.name for marker in query.quoted}
    mentioned |= {match[1] for match in one_brace(query.text)}
    if missing := [name for name in ("start", "end", "low", "high") if name in needed - mentioned]:
        where = next((token.line for token in query.tokens if token.text.upper() == "WHERE"), None)
        markers = " and ".join(f"{{{{ {name} }}}}" for name in missing)
        condition = " AND ".join(
            f"column {'<' if name in _UPPER else '>='} {{{{ {name} }}}}" for name in missing
        )
        yield QueryProblem(
            where or query.tokens[-1].line,
            f"{markers} {'is' if len(missing) == 1 else 'are'} missing, so the query gives rows of other partitions, "
            f"which are imported more than once. Add: {'AND' if where else 'WHERE'} {condition}",
        )
    for marker in query.markers:
        if marker.name not in needed | allowed:
            yield QueryProblem(
                marker.line,
                f"{{{{ {marker.name} }}}} has no value here: "
                + ("take it out" if not needed else "it is for `bounds_sql` with `splits`"),
            )


def _of_comparisons(tree: exp.Expr, query: Query, needed: set[str]) -> Iterator[QueryProblem]:
    roles: dict[str, list[tuple[Role, int]]] = {}
    for name, role, line in _roles(tree, query):
        roles.setdefault(name, []).append((role, line))
    for upper, lower in _UPPER.items():
        if upper not in needed:
            continue
        ends, starts = roles.get(upper, []), roles.get(lower, [])
        if not any(role in {Role.BEFORE, Role.OTHER} for role, _ in ends):
            for role, line in ends:
                yield QueryProblem(line, _about_end(upper, role))
        if not any(role in {Role.FROM, Role.OTHER} for role, _ in starts):
            for role, line in starts:
                yield QueryProblem(line, _about_start(lower, role))


def _about_end(name: str, role: Role) -> str:
    if role is Role.UNTIL:
        return (
            f"{{{{ {name} }}}} belongs to the next partition, but BETWEEN and <= take it in: write "
            f"column < {{{{ {name} }}}}"
        )
    return f"{{{{ {name} }}}} ends the partition, but is a lower bound here: write column < {{{{ {name} }}}}"


def _about_start(name: str, role: Role) -> str:
    if role is Role.AFTER:
        return f"{{{{ {name} }}}} belongs to the partition, but > leaves it out: write column >= {{{{ {name} }}}}"
    return (
        f"{{{{ {name} }}}} begins the partition, but is an upper bound here: write column >= {{{{ {name} }}}}"
    )


def _roles(tree: exp.Expr, query: Query) -> Iterator[tuple[str, Role, int]]:
    from sqlglot import exp

    for placeholder in tree.find_all(exp.Placeholder):
        name = str(placeholder.this or "")
        if name.startswith(_NUMBERED):
            marker = query.markers[int(name.removeprefix(_NUMBERED))]
            yield marker.name, _role(placeholder), marker.line


def _role(placeholder: exp.Expr) -> Role:
    """What the comparison around the marker, or around casts and functions of it alone, does with it."""
    from sqlglot import exp

    straight = {exp.LT: Role.BEFORE, exp.LTE: Role.UNTIL, exp.GT: Role.AFTER, exp.GTE: Role.FROM}
    flipped = {exp.LT: Role.AFTER, exp.LTE: Role.FROM, exp.GT: Role.BEFORE, exp.GTE: Role.UNTIL}
    if placeholder.find_ancestor(exp.Not) is not None:
        return Role.OTHER
    node: exp.Expr = placeholder
    while (parent := node.parent) is not None and _converts(parent, node):
        node = parent
    if isinstance(parent, exp.Between):
        return {"low": Role.FROM, "high": Role.UNTIL}.get(str(node.arg_key), Role.OTHER)
    roles = straight if node.arg_key == "expression" else flipped
    return next((role for kind, role in roles.items() if isinstance(parent, kind)), Role.OTHER)


def _converts(parent: exp.Expr, node: exp.Expr) -> bool:
    """Whether the parent is the same instant in another type, as `CAST(x AS date)` or `unix_timestamp(x)`."""
    from sqlglot import exp

    if isinstance(parent, (exp.Paren, exp.Cast, exp.AtTimeZone)):
        return True
    if not isinstance(parent, exp.Func) or isinstance(parent, exp.Binary):
        return False
    operands = [operand for operand in parent.iter_expressions() if operand is not node]
    return all(
        isinstance(operand, (exp.Var, exp.Literal))
        and not any(character.isdigit() for character in operand.name)
        for operand in operands
    )


_NUMBERED = "partition_marker_"


def _numbered(query: Query) -> str:
    """The text with a name of its own for each marker, so that one is found in the tree with its line."""
    numbers = iter(range(len(query.markers)))
    return query.replace(lambda _: f":{_NUMBERED}{next(numbers)}")


def _fitting(sql: str) -> str | None:
    """The first usual dialect that takes the query."""
    for dialect in USUAL:
        try:
            query = read(sql, dialect)
        except QueryError:
            continue
        if not isinstance(_parsed(query.text, dialect), QueryProblem):
            return dialect
    return None


def _parsed(sql: str, dialect: str | None) -> exp.Expr | QueryProblem:
    import sqlglot
    from sqlglot.errors import ParseError

    try:
        return sqlglot.parse_one(sql, dialect=dialect)
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        return QueryProblem(
            int(first.get("line") or 1),
            f"not understood as {dialect or 'SQL'} near {first.get('highlight') or 'its end'!r}, so how it compares "
            "with the markers was not checked; the database decides",
        )
