"""An answer of the runtime as rows: what is known of the items, and how they moved since an earlier answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localpersonalize.page import search, statuses
from localpersonalize.runtime.deployment import GroupData

EVENTS = 12
NEW = "new"


@dataclass(frozen=True)
class Row:
    """One item of an answer.

    `moved`: places that it went up (down, if negative) since the answer that this one is compared with, `NEW` if it was
    not among them, None without such an answer. `share`: of its score in the highest, 0 to 1.
    """

    rank: int
    id: str
    title: str
    details: Mapping[str, str]
    score: float | None
    share: float
    notes: tuple[str, ...]
    moved: int | str | None


@dataclass(frozen=True)
class Event:
    """One event of a user's history."""

    when: str
    type: str
    item: str
    title: str
    value: float | None


@dataclass(frozen=True)
class Changes:
    """How a list differs from the one before."""

    new: int
    moved: int
    gone: list[str] = field(default_factory=list)

    @property
    def are_none(self) -> bool:
        return not (self.new or self.moved or self.gone)


def rows_of(answer: Mapping[str, Any], data: GroupData, before: Sequence[str]) -> list[Row]:
    """The rows of `GetRecommendations`, `GetPersonalizedRanking` or `GetActionRecommendations`.

    :param before: the ids of the answer to compare with, empty if there is none.
    """
    listed = _listed(answer)
    scores = [item.get("score") for item in listed]
    highest = max((score for score in scores if score), default=0.0)
    ranks = {identifier: rank for rank, identifier in enumerate(before, 1)}
    rows = []
    for rank, item in enumerate(listed, 1):
        identifier = item.get("itemId") or item["actionId"]
        score = item.get("score")
        rows.append(
            Row(
                rank,
                identifier,
                search.title(data.items, identifier),
                search.details(data.items, identifier),
                score,
                max(0.0, score / highest) if score and highest else 0.0,
                _notes(item),
                _movement(ranks, identifier, rank),
            )
        )
    return rows


def changes_of(rows: Sequence[Row], before: Sequence[str]) -> Changes | None:
    """How the rows differ from the answer before, None if there was none."""
    if not before:
        return None
    now = {row.id for row in rows}
    return Changes(
        sum(row.moved == NEW for row in rows),
        sum(isinstance(row.moved, int) and row.moved != 0 for row in rows),
        [identifier for identifier in before[: max(len(rows), 1)] if identifier not in now],
    )


def events_of(data: GroupData, user: str, types: Mapping[str, str]) -> list[Event]:
    """A user's newest events, newest first.

    :param types: event types of the histories, as they are to be shown.
    """
    histories = data.histories
    events = histories.of(user)
    newest = range(len(events) - 1, max(-1, len(events) - 1 - EVENTS), -1)
    listed = []
    for at in newest:
        item, code, value = (
            histories.items.ids[int(events.items[at])],
            int(events.types[at]),
            float(events.values[at]),
        )
        kind = histories.event_types.ids[code] if code >= 0 else ""
        listed.append(
            Event(
                statuses.moment(float(events.times[at])),
                types.get(kind, kind),
                item,
                search.title(data.items, item),
                None if value != value else value,
            )
        )
    return listed


def _listed(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = ("itemList", "personalizedRanking", "actionList")
    return next((answer[name] for name in names if name in answer), [])


def _notes(item: Mapping[str, Any]) -> tuple[str, ...]:
    promotion = [f"promoted by {item['promotionName']}"] if "promotionName" in item else []
    return (*promotion, *item.get("reason", ()))


def _movement(ranks: Mapping[str, int], identifier: str, rank: int) -> int | str | None:
    if not ranks:
        return None
    return ranks[identifier] - rank if identifier in ranks else NEW
