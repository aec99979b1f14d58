"""The columns that a query gives, as far as its text tells."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_personalize.export.read.query_check import USUAL
from airflow_personalize.export.read.query_template import OTHER, read_template


def columns_of(text: str, dialect: str | None) -> tuple[list[str], int] | None:
    """Names of a query's columns, and the line that it begins in; None where only the database can tell.

    :param text: the file, before it is rendered
    :param dialect: sqlglot's name of the database's SQL; None: the usual ones are tried
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    sql = read_template(text).sql
    dialects: Sequence[str] = [dialect] if dialect else USUAL
    for name in dialects:
        try:
            tree = sqlglot.parse_one(sql, dialect=name)
        except SqlglotError:
            continue
        if not isinstance(tree, exp.Query) or tree.is_star:
            return None
        names = tree.named_selects
        if any(not column or OTHER in column for column in names):
            return None
        return names, sql[: len(sql) - len(sql.lstrip())].count("\n") + 1
    return None
