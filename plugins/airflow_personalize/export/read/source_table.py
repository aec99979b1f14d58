"""The table that a query reads its ids from, as far as its text tells: it has columns that the query leaves out."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_personalize.export.read.query_template import read_template


@dataclass(frozen=True)
class SourceTable:
    """A table, with its alias where it has one.

    :param identifier: the expression that gives the ids
    :param dialect: sqlglot's name of the database's SQL; None: what all understand
    """

    table: str
    identifier: str
    dialect: str | None

    @property
    def columns_query(self) -> str:
        """Gives no row; the answer's description names the table's columns."""
        return f"SELECT * FROM {self.table} WHERE 1 = 0"  # noqa: S608

    def query(self, id_name: str, column: str, name: str) -> str:
        """The ids, as text, and one other column.

        :param name: what the other column is called
        """
        from sqlglot import exp

        quoted = exp.to_identifier(column, quoted=True).sql(dialect=self.dialect)
        return f"SELECT {self.identifier} AS {id_name}, {quoted} AS {name} FROM {self.table}"  # noqa: S608


def source_table(text: str, dialect: str | None, id_name: str) -> SourceTable | None:
    """None where a query reads several tables, or does not say what its ids are.

    :param text: the file, before it is rendered
    :param id_name: what the query calls the ids, in upper or lower case
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(read_template(text).sql, dialect=dialect)
    except SqlglotError:
        return None
    tables = list(tree.find_all(exp.Table))
    if not isinstance(tree, exp.Select) or len(tables) != 1:
        return None
    ids = [entry.unalias() for entry in tree.selects if entry.alias_or_name.lower() == id_name]
    if len(ids) != 1:
        return None
    identifier = exp.cast(ids[0].copy(), exp.DataType.Type.TEXT).sql(dialect=dialect)
    return SourceTable(tables[0].sql(dialect=dialect), identifier, dialect)
