"""A query file before Airflow renders it, as SQL: `{{ start }}` is a marker, everything else of Jinja is left out.

Lines stay where they are in the file, so that what is found in the SQL is found in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2 import Environment, TemplateSyntaxError

from airflow_personalize.export.read.sql import JINJA_MARKERS, NAMES

#: What stands for an expression of Jinja that is no marker: where a table or a column is named, and as a value.
OTHER = "jinja_expression"
_ONE_BRACE = re.compile(rf"(?<!\{{)\{{\s*({'|'.join(NAMES)})\s*\}}{{1,2}}")


@dataclass(frozen=True)
class QueryProblem:
    """What is wrong with a query, and the line in its file, counted from 1."""

    line: int
    message: str


@dataclass
class QueryTemplate:
    """The SQL of a query file, and what is wrong with its Jinja."""

    sql: str = ""
    problems: list[QueryProblem] = field(default_factory=list)


def read_template(text: str) -> QueryTemplate:
    """The file's SQL. After an error of Jinja's there is none."""
    template = QueryTemplate()
    try:
        for line, piece in _pieces(text, template.problems):
            template.sql += "\n" * (line - 1 - template.sql.count("\n")) + piece
    except TemplateSyntaxError as error:
        hint = " A marker has two braces on both sides: {{ start }}" if "'}'" in str(error.message) else ""
        return QueryTemplate("", [QueryProblem(error.lineno, f"not a template: {error.message}.{hint}")])
    return template


def one_brace(sql: str) -> Iterator[re.Match[str]]:
    """Markers with a brace too few; the first group is the name."""
    return _ONE_BRACE.finditer(sql)


def _pieces(text: str, problems: list[QueryProblem]) -> Iterator[tuple[int, str]]:
    """Pieces of SQL, each with the line that it begins in."""
    expression: list[str] | None = None
    began = 1
    for line, kind, value in Environment().lex(text):
        if kind == "data":
            yield line, value
        elif kind == "variable_begin":
            began, expression = line, []
        elif kind == "variable_end" and expression is not None:
            yield began, _marker("".join(expression).strip(), began, problems)
            expression = None
        elif expression is not None:
            expression.append(value)


def _marker(expression: str, line: int, problems: list[QueryProblem]) -> str:
    if expression in JINJA_MARKERS:
        return JINJA_MARKERS[expression]
    name = re.match(r"\w+", expression)
    if name is None or name[0] not in JINJA_MARKERS:
        return OTHER
    problems.append(
        QueryProblem(
            line,
            f"{{{{ {expression} }}}}: a marker has no value yet when the file is rendered. Write "
            f"{{{{ {name[0]} }}}} alone, and let the database compute with it",
        )
    )
    return JINJA_MARKERS[name[0]]
