"""What users and items are called, asked of the product database: the exports mostly have ids and metadata only."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow.sdk import BaseHook

from encore.config import include_folder
from encore.config.models import DatasetGroup, DatasetType

log = logging.getLogger(__name__)
DATASETS: dict[str, DatasetType] = {"user": "users", "item": "items"}


@dataclass(frozen=True)
class Titles:
    """The titles of one kind.

    :param kind: user or item
    :param conn_id: connection of the product database
    :param query: gives `user_id` or `item_id`, and `title`; empty where the pipeline file has none
    """

    kind: str
    conn_id: str
    query: str

    @classmethod
    def of_group(cls, group: DatasetGroup, kind: str) -> Titles:
        dataset = group.datasets.get(DATASETS[kind])
        file = dataset.titles_sql if dataset else None
        text = (include_folder() / file).read_text(encoding="utf-8") if file else ""
        return cls(kind, group.product_db, text.strip().removesuffix(";"))

    def of(self, ids: Sequence[str]) -> dict[str, str]:
        """Titles by id; nothing where the database can't be asked: a page without titles is still a page."""
        return self._rows("{id} IN ({marks})", list(ids), len(ids)) if ids else {}

    def search(self, text: str, most: int) -> dict[str, str]:
        """Those whose title has a text in it."""
        pattern = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        return self._rows("lower(title) LIKE {marks} ESCAPE '!'", [f"%{pattern}%"], most)

    def _rows(self, condition: str, parameters: list[str], most: int) -> dict[str, str]:
        if not self.query:
            return {}
        try:
            hook: Any = BaseHook.get_hook(self.conn_id)
            mark = hook.placeholder
            where = condition.format(id=f"{self.kind}_id", marks=", ".join([mark] * len(parameters)))
            query = self.query.replace("%", "%%") if "%" in mark else self.query
            statement = f"SELECT {self.kind}_id, title FROM (\n{query}\n) titles WHERE {where}"  # noqa: S608
            rows = hook.run(statement, parameters=parameters, handler=lambda cursor: cursor.fetchmany(most))
        except Exception:
            log.warning("The titles of %ss can't be read from %s", self.kind, self.conn_id, exc_info=True)
            return {}
        return {str(row[0]): str(row[1]) for row in rows if row[1] is not None}
