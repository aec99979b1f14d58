"""Batch inference: recommendations for every user, item or list to rank of an input file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.ranking import top_k_of_rows
from localpersonalize.runtime import selection
from localpersonalize.runtime.batch import lines
from localpersonalize.runtime.batch.lines import Answer, LineError, Outcome, Query
from localpersonalize.runtime.deployment import Deployment, GroupData, ItemView
from localpersonalize.runtime.exploration import Explorer
from localpersonalize.runtime.filters import Filter, Subject, apply_filter, bind
from localpersonalize.runtime.filters.parameters import Literals
from localpersonalize.runtime.histories import Events
from localpersonalize.runtime.ranking_influence import influenced
from localpersonalize.runtime.requests import event_rows

SCORES_IN_MEMORY = 2_560_000
"""Float scores that a thread holds at a time: 5 MB, what stays in a processor's caches while it is worked on."""

DEFAULT_RESULTS = 25
MAX_RESULTS = 500


class _PreparedQuery(NamedTuple):
    """A line that can be answered."""

    query: Query
    events: Events
    values: Mapping[str, Literals]
    listed: tuple[str, ...] = ()


class BatchInference:
    """Answers lines with one solution version."""

    def __init__(
        self,
        deployment: Deployment,
        data: GroupData,
        request_filter: Filter | None = None,
        count: int = DEFAULT_RESULTS,
        now: int = 0,
        threads: int = 1,
    ) -> None:
        if not 0 < count <= MAX_RESULTS:
            raise ValueError(f"numResults is {count}; it must be between 1 and {MAX_RESULTS}.")
        self.deployment = deployment
        self.data = data
        self.filter = request_filter
        self.count = count
        self.now = now
        self.threads = threads
        self.explorer = Explorer()

    def run(self, raw: Iterable[bytes]) -> Iterator[Outcome]:
        """One outcome a line, in order."""
        size = max(1, min(1024, SCORES_IN_MEMORY // max(1, len(self.deployment.model.items))))
        yield from lines.answer_lines(lines.read(raw), self._prepare, self._answer, size, self.threads)

    def _prepare(self, query: Query) -> _PreparedQuery:
        needs = self.deployment.model.needs
        if needs == "item":
            lines.text(query, "itemId")
        else:
            lines.text(query, "userId")
        listed = _item_list(query) if needs == "ranking" else ()
        values = bind(self.filter, query.get("filterValues")) if self.filter else {}
        return _PreparedQuery(query, self.data.histories.of(query.get("userId")), values, listed)

    def _requests(self, queries: Sequence[_PreparedQuery]) -> list[Request]:
        # A model that reads histories would only keep each user's state for a next time that there isn't.
        knows_users = not self.deployment.model.uses_history
        histories = self.deployment.histories([one.events for one in queries], self.data.histories)
        return [
            Request(
                user_id=prepared.query.get("userId") if knows_users else None,
                item_id=prepared.query.get("itemId"),
                history_items=items,
                history_times=times,
                context=prepared.query.get("context") or {},
                user=self.data.users.row(prepared.query.get("userId")),
                now=self.now,
            )
            for prepared, (items, times) in zip(queries, histories, strict=True)
        ]

    def _answer(self, queries: Sequence[_PreparedQuery]) -> list[Answer]:
        if not queries:
            return []
        requests = self._requests(queries)
        scores, items = self.deployment.model.score(requests), self.deployment.model.items
        if self._depends_on_scores_only:
            return self._best_of_rows(scores)
        view = self.deployment.view(self.data, items)
        return [
            lines.attempt(self._answer_one, prepared, request, row, view)
            for prepared, request, row in zip(queries, requests, scores, strict=True)
        ]

    @property
    def _depends_on_scores_only(self) -> bool:
        """Do scores alone decide, so that many lines are one piece of work?"""
        explores = self.deployment.explores is not None and self.deployment.explores.weight > 0
        plain = not explores and not self.deployment.influence
        return self.filter is None and plain and self.deployment.model.needs != "ranking"

    def _best_of_rows(self, scores: np.ndarray) -> list[Answer]:
        best, starts = top_k_of_rows(scores, self.count)
        ids = self.deployment.model.items.ids[best].tolist()
        spans = [slice(*span) for span in pairwise(starts.tolist())]
        if self.deployment.model.score_kind != "logit":
            return [{"recommendedItems": ids[span]} for span in spans]
        shares = selection.softmax_scores_of_rows(scores, best, starts)
        return [{"recommendedItems": ids[span], "scores": shares[span]} for span in spans]

    def _answer_one(
        self, prepared: _PreparedQuery, request: Request, row: np.ndarray, view: ItemView
    ) -> Mapping[str, Any]:
        items = view.items
        mask = None
        if self.filter is not None:
            index = items.index_of(request.item_id)
            rows = event_rows(self.deployment, self.data, prepared.events)
            subject = Subject(rows, request.user, index if index >= 0 else None)
            mask = apply_filter(self.filter, view.columns, prepared.values, subject)
        if prepared.listed:
            return _ranked(prepared.listed, row, items.index(prepared.listed), mask)
        return self._recommended(row, view, mask)

    def _recommended(self, row: np.ndarray, view: ItemView, mask: np.ndarray | None) -> Mapping[str, Any]:
        explores, ids = self.deployment.explores, view.items.ids
        row = influenced(row, self.deployment, self.data, view)
        choices = selection.select(
            row,
            self.count,
            mask,
            shows_score=self.deployment.model.score_kind == "logit",
            explore=None if explores is None else self.explorer.candidates(self.deployment, self.data, view),
            explore_share=0.0 if explores is None else explores.weight,
        )
        output: dict[str, Any] = {"recommendedItems": [str(ids[c.item]) for c in choices]}
        if self.deployment.model.score_kind == "logit":
            output["scores"] = [c.score for c in choices]
        return output


def _ranked(
    listed: tuple[str, ...], row: np.ndarray, indices: np.ndarray, mask: np.ndarray | None
) -> Mapping[str, Any]:
    allowed = [at for at, index in enumerate(indices) if mask is None or index < 0 or mask[index]]
    ranked = selection.rank(row, indices[allowed].astype(np.int64))
    return {
        "recommendedItems": [listed[allowed[at]] for at, _ in ranked],
        "scores": [0.0 if score is None else score for _, score in ranked],
    }


def _item_list(query: Query) -> tuple[str, ...]:
    listed = query.get("itemList")
    if not isinstance(listed, list) or not listed or not all(isinstance(item, str) for item in listed):
        raise LineError("itemList is required and must be a list of item ids.")
    if len(listed) > MAX_RESULTS:
        raise LineError(f"itemList has {len(listed)} items; at most {MAX_RESULTS} can be ranked.")
    return tuple(listed)
