"""Ids of a dataset group's users and items that match what somebody types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from localpersonalize.runtime.deployment import GroupData
from localpersonalize.runtime.metadata import Metadata

SUGGESTIONS = 8
_TITLES = ("TITLE", "NAME")


@dataclass(frozen=True)
class Suggestion:
    """An id, and what is known of it in a few words."""

    id: str
    label: str = ""

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def title_column(metadata: Metadata) -> str | None:
    """The column that names things for people: one whose name has TITLE or NAME in it."""
    return next((name for word in _TITLES for name in sorted(metadata.fields) if word in name), None)


def title(metadata: Metadata, identifier: str) -> str:
    """What an item is called, empty where nothing says it."""
    column = title_column(metadata)
    value = metadata.value(identifier, column) if column else None
    return str(value) if isinstance(value, str) else ""


def details(metadata: Metadata, identifier: str) -> dict[str, str]:
    """The other columns of a row, as texts; empty ones are left out."""
    own = title_column(metadata)
    row = metadata.row(identifier) or {}
    return {name: _text(value) for name, value in row.items() if name != own and value not in (None, "")}


def users(data: GroupData, text: str) -> list[Suggestion]:
    """Users whose ids have the text in them; without a text, those who did something last."""
    if not text:
        ids = data.histories.newest_users(SUGGESTIONS) or data.users.ids()[:SUGGESTIONS]
    else:
        ids = _matching([data.users.ids(), data.histories.users()], text)
    return [Suggestion(identifier, ", ".join(details(data.users, identifier).values())) for identifier in ids]


def items(data: GroupData, text: str) -> list[Suggestion]:
    """Items whose ids or titles have the text in them; without a text, those with the most events."""
    codes = data.histories.items.ids
    if not text:
        most = np.argsort(-data.histories.counts(), kind="stable")[:SUGGESTIONS]
        ids = [codes[code] for code in most.tolist()] or data.items.ids()[:SUGGESTIONS]
    else:
        titled = _titled(data.items, text)
        ids = list(dict.fromkeys([*_matching([data.items.ids(), codes], text), *titled]))[:SUGGESTIONS]
    return [Suggestion(identifier, title(data.items, identifier)) for identifier in ids]


def _matching(lists: Iterable[Sequence[str]], text: str) -> list[str]:
    """Ids that are the text, then those that begin with it, then those that have it in them."""
    exact: dict[str, None] = {}
    beginning: dict[str, None] = {}
    having: dict[str, None] = {}
    for ids in lists:
        listed = pa.array(ids, pa.string())
        hits = listed.filter(pc.match_substring(listed, text, ignore_case=True))
        begins = pc.starts_with(hits, text, ignore_case=True)
        exact |= dict.fromkeys(hits.filter(pc.equal(hits, text)).to_pylist())
        beginning |= dict.fromkeys(hits.filter(begins)[:SUGGESTIONS].to_pylist())
        having |= dict.fromkeys(hits.filter(pc.invert(begins))[:SUGGESTIONS].to_pylist())
    return list(exact | beginning | having)[:SUGGESTIONS]


def _titled(metadata: Metadata, text: str) -> list[str]:
    column, table = title_column(metadata), metadata.table()
    if column is None or table is None or column not in table.column_names:
        return []
    titles = table.column(column)
    if not pa.types.is_string(titles.type):
        return []
    mask = pc.match_substring(titles, text, ignore_case=True)
    ids: list[str] = table.column(metadata.id_column).filter(mask)[:SUGGESTIONS].to_pylist()
    return ids


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("|", ", ")
