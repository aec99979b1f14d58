"""What users and items are called, asked of the product database: the exports mostly have ids and metadata only."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow.sdk import BaseHook

from airflow_personalize.export.read.dialects import dialect_of
from airflow_personalize.export.read.source_table import source_table
from encore.config import include_folder
from encore.config.models import DatasetGroup, DatasetType

log = logging.getLogger(__name__)
DATASETS: dict[str, DatasetType] = {"user": "users", "item": "items"}
#: Columns that are titles by their names.
TITLES = ("title", "name", "item_name", "product_name")


@dataclass(frozen=True)
class Titles:
    """The titles of one kind.

    :param kind: user or item
    :param conn_id: connection of the product database
    :param query: gives `user_id` or `item_id`, and `title`; empty where the pipeline file has none
    :param dataset_query: the dataset's own one: without the other, a column of its table that is a title by its name
        does; empty for users, whose names nobody has asked for
    """

    kind: str
    conn_id: str
    query: str
    dataset_query: str = ""

    @classmethod
    def of_group(cls, group: DatasetGroup, kind: str) -> Titles:
        dataset = group.datasets.get(DATASETS[kind])
        if dataset is None:
            return cls(kind, group.product_db, "")
        source = dataset.sql if kind == "item" else None
        return cls(kind, group.product_db, _statement(dataset.titles_sql), _statement(source))

    def of(self, ids: Sequence[str]) -> dict[str, str]:
        """Titles by id; nothing where the database can't be asked: a page without titles is still a page."""
        return self._rows("{id} IN ({marks})", list(ids), len(ids)) if ids else {}

    def search(self, text: str, most: int) -> dict[str, str]:
        """Those whose title has a text in it."""
        pattern = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        return self._rows("lower(title) LIKE {marks} ESCAPE '!'", [f"%{pattern}%"], most)

    def _rows(self, condition: str, parameters: list[str], most: int) -> dict[str, str]:
        if not (self.query or self.dataset_query):
            return {}
        try:
            hook: Any = BaseHook.get_hook(self.conn_id)
            query = self.query or self._obvious_query(hook)
            if not query:
                return {}
            mark = hook.placeholder
            where = condition.format(id=f"{self.kind}_id", marks=", ".join([mark] * len(parameters)))
            query = query.replace("%", "%%") if "%" in mark else query
            statement = f"SELECT {self.kind}_id, title FROM (\n{query}\n) titles WHERE {where}"  # noqa: S608
            rows = hook.run(statement, parameters=parameters, handler=lambda cursor: cursor.fetchmany(most))
        except Exception:
            log.warning("The titles of %ss can't be read from %s", self.kind, self.conn_id, exc_info=True)
            return {}
        return {str(row[0]): str(row[1]) for row in rows if row[1] is not None}

    def _obvious_query(self, hook: Any) -> str:
        """Over the table of the dataset's query; empty if it has no column that is a title by its name."""
        identifier = f"{self.kind}_id"
        source = source_table(self.dataset_query, dialect_of(getattr(hook, "conn_type", None)), identifier)
        if source is None:
            return ""
        columns = hook.run(
            source.columns_query, handler=lambda cursor: [column[0] for column in cursor.description]
        )
        title = next((name for name in columns if name.lower() in TITLES), None)
        return source.query(identifier, title, "title") if title else ""


def _statement(file: str | None) -> str:
    """The query of a file of the include folder."""
    text = (include_folder() / file).read_text(encoding="utf-8") if file else ""
    return text.strip().removesuffix(";")
