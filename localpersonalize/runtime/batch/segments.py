"""Batch segments: the users most likely to take an item, or any item with given attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from localpersonalize.recipes.base.model import Request
from localpersonalize.runtime.batch import lines
from localpersonalize.runtime.batch.lines import Answer, LineError, Outcome, Query
from localpersonalize.runtime.deployment import Deployment, GroupData
from localpersonalize.runtime.filters import Columns, Filter, FilterError, Subject, apply_filter, bind, parse
from localpersonalize.runtime.filters.parameters import Literals
from localpersonalize.runtime.filters.syntax import Operator, Source

SCORES_IN_MEMORY = 4_000_000
DEFAULT_RESULTS = 25
MAX_RESULTS = 5_000_000
MAX_ITEM_QUERIES = 500
MAX_ATTRIBUTE_QUERIES = 10
_PREFIX = "INCLUDE ItemID WHERE "


@dataclass(frozen=True)
class _PreparedQuery:
    """A query's items (model indices) and its filter's parameters."""

    items: np.ndarray
    values: Mapping[str, Literals]


class BatchSegments:
    """Ranks all users for each query of a file.

    A user's worth for a query is the probability that the user's next item is one of the query's, by the
    model's softmax over all items. Users are everybody with an event, and everybody in the Users dataset.
    """

    def __init__(
        self,
        deployment: Deployment,
        data: GroupData,
        by_attribute: bool,
        user_filter: Filter | None = None,
        count: int = DEFAULT_RESULTS,
        now: int = 0,
    ) -> None:
        if not 0 < count <= MAX_RESULTS:
            raise ValueError(f"numResults is {count}; it must be between 1 and {MAX_RESULTS}.")
        self.deployment = deployment
        self.data = data
        self.by_attribute = by_attribute
        self.filter = user_filter
        self.count = count
        self.now = now
        known = data.histories.users()
        self.users = [*known, *(set(data.users.ids()) - set(known))]
        self.users.sort()

    def run(self, raw: Iterable[bytes]) -> Iterator[Outcome]:
        """One outcome a line, in order. All queries of a file are answered in one pass over the users."""
        read = list(lines.read(raw))
        max_queries = MAX_ATTRIBUTE_QUERIES if self.by_attribute else MAX_ITEM_QUERIES
        if len(read) > max_queries:
            raise ValueError(f"The input file has {len(read)} queries; at most {max_queries} are allowed.")
        yield from lines.answer_lines(read, self._prepare, self._answer, max_queries)

    def _prepare(self, query: Query) -> _PreparedQuery:
        items = self._items_with_attributes(query) if self.by_attribute else self._one_item(query)
        values = bind(self.filter, query.get("filterValues")) if self.filter else {}
        return _PreparedQuery(items, values)

    def _one_item(self, query: Query) -> np.ndarray:
        index = self.deployment.model.items.index_of(lines.text(query, "itemId"))
        if index < 0:
            raise LineError(
                f"The item {query['itemId']} was not in the data the solution version was trained on."
            )
        return np.array([index])

    def _items_with_attributes(self, query: Query) -> np.ndarray:
        parsed = parse_attributes(lines.text(query, "itemAttributes"))
        view = self.deployment.view(self.data, self.deployment.model.items)
        mask = apply_filter(parsed, view.columns)
        items = np.flatnonzero(mask) if mask is not None else np.arange(len(view.items))
        if not len(items):
            raise LineError("No item of the solution version's training data has these attributes.")
        return items

    def _answer(self, queries: Sequence[_PreparedQuery]) -> list[Answer]:
        if not queries:
            return []
        probabilities = np.concatenate(list(self._probabilities(queries)), axis=1)
        return [
            lines.attempt(self._best_users, prepared, row)
            for prepared, row in zip(queries, probabilities, strict=True)
        ]

    def _best_users(self, prepared: _PreparedQuery, probabilities: np.ndarray) -> Mapping[str, Any]:
        mask = self._mask(prepared)
        order = (
            np.argsort(-probabilities, kind="stable") if mask is None else _masked_order(probabilities, mask)
        )
        return {"usersList": [self.users[user] for user in order[: self.count].tolist()]}

    def _probabilities(self, queries: Sequence[_PreparedQuery]) -> Iterator[np.ndarray]:
        """float32 [queries, users of a part] of probabilities."""
        size = max(1, min(4096, SCORES_IN_MEMORY // max(1, len(self.deployment.model.items))))
        for start in range(0, len(self.users), size):
            requests = [self._request(user) for user in self.users[start : start + size]]
            scores = self.deployment.model.score(requests)
            top = scores.max(axis=1, keepdims=True)
            likelihoods = np.exp(scores - np.where(np.isfinite(top), top, 0))
            total = likelihoods.sum(axis=1)
            yield np.stack(
                [likelihoods[:, prepared.items].sum(axis=1) / total for prepared in queries]
            ).astype(np.float32)

    def _request(self, user_id: str) -> Request:
        events = self.data.histories.of(user_id)
        items, times = self.deployment.history(events, self.data.histories)
        return Request(user_id, None, items, times, {}, self.data.users.row(user_id), self.now)

    def _mask(self, queries: _PreparedQuery) -> np.ndarray | None:
        if self.filter is None:
            return None
        columns = Columns(self.users, self.data.users.table(), "USER_ID", self.data.users.categorical)
        return apply_filter(self.filter, columns, queries.values, Subject(events=self._users_by_event()))

    def _users_by_event(self) -> dict[str, np.ndarray]:
        """Rows of the users with an event, by its type in lower case."""
        kinds = self.data.histories.event_types
        rows_of_kind: dict[str, list[int]] = {}
        for row, user in enumerate(self.users):
            for code in np.unique(self.data.histories.of(user).types).tolist():
                rows_of_kind.setdefault(kinds.ids[code] if code >= 0 else "", []).append(row)
        return {kind: np.array(rows) for kind, rows in rows_of_kind.items()}


def parse_attributes(text: str) -> Filter:
    """`ITEMS.genre = "drama" AND ITEMS.year = 1999`: conditions of equality on items, joined by AND."""
    try:
        parsed = parse(_PREFIX + text)
    except FilterError as problem:
        column = None if problem.column is None else max(problem.column - len(_PREFIX), 1)
        raise FilterError(problem.reason, text, column) from None
    expression = parsed.expressions[0]
    conditions = list(parsed.conditions())
    joined = len(parsed.expressions) > 1 or len(expression.any_of) > 1 or expression.only_if
    if joined or any(
        c.field.source is not Source.ITEMS or c.operator is not Operator.EQUAL for c in conditions
    ):
        raise LineError("itemAttributes can only test ITEMS fields with =, joined by AND.")
    if any(True for condition in conditions for _ in condition.parameters()):
        raise LineError("itemAttributes can't have placeholder parameters.")
    return parsed


def _masked_order(probabilities: np.ndarray, mask: np.ndarray) -> np.ndarray:
    allowed = np.flatnonzero(mask)
    return allowed[np.argsort(-probabilities[allowed], kind="stable")]
