"""What a request asks for, and how its answer is put together around the model's scores.

Preparing looks up and checks everything that needs no scores, so that requests which came together can be
scored together; finishing filters, chooses and words the answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from localpersonalize.protocol.recommendation_ids import new_id
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.scores import DenseScores, Scores
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.runtime import selection
from localpersonalize.runtime.deployment import PERSONALIZED_ACTIONS, Deployment, GroupData, ItemView
from localpersonalize.runtime.errors import InvalidInputError
from localpersonalize.runtime.exploration import Explorer
from localpersonalize.runtime.filters import Filter, FilterError, Subject, Target, apply_filter, bind
from localpersonalize.runtime.histories import Events
from localpersonalize.runtime.ranking_influence import influenced

DEFAULT_RESULTS = 25
MAX_RESULTS = 500
MAX_RESULTS_WITH_METADATA = 50
MAX_METADATA_COLUMNS = 10
DEFAULT_ACTIONS = 5
MAX_ACTIONS = 100
RELATED_ITEMS = "RELATED_ITEMS"
MAX_EVENTS_PER_FILTER = 100
"""Newest events a user and event type that filters look at; a quota of the service."""

Params = Mapping[str, Any]
Answer = dict[str, Any]


class Sources(Protocol):
    """Where requests find what they name. Unknown ARNs raise `ResourceNotFoundError`, unusable ones
    `InvalidInputError`.
    """

    explorer: Explorer

    def deployment(self, arn: str) -> Deployment: ...

    def data(self, group_arn: str) -> GroupData: ...

    def filter(self, arn: str, group_arn: str) -> Filter: ...

    def remember(self, recommendation_id: str, items: list[str]) -> None: ...


@dataclass(frozen=True)
class Prepared:
    """A checked request: what to score, and what makes the answer of the scores."""

    deployment: Deployment
    request: Request
    finish: Callable[[Scores, Vocabulary], Answer]


def recommendations(sources: Sources, params: Params) -> Prepared:
    """`GetRecommendations`."""
    deployment = sources.deployment(_campaign_or_recommender(params))
    if deployment.model.needs == "ranking":
        raise InvalidInputError(
            "This campaign's recipe ranks given items (PERSONALIZED_RANKING). Use GetPersonalizedRanking."
        )
    if deployment.recipe_type == PERSONALIZED_ACTIONS:
        raise InvalidInputError("This campaign's recipe recommends actions. Use GetActionRecommendations.")
    _require(deployment, params)
    columns = _metadata_columns(sources, deployment, params)
    count = _count(params, DEFAULT_RESULTS, MAX_RESULTS_WITH_METADATA if columns else MAX_RESULTS)
    context = _RequestContext(sources, deployment, params)
    request_filter = context.filter(params)
    promotion = _promotion(context, params)

    def finish(scores: Scores, items: Vocabulary) -> Answer:
        view = context.view(items)
        if deployment.influence:
            scores = DenseScores(influenced(scores.all(), deployment, context.data, view))
        mask = context.mask(view, *request_filter) if request_filter else None
        mask = context.without_hidden(view, mask)
        promoted = None
        if promotion is not None:
            name, percent, its_filter = promotion
            promoted_mask = context.without_hidden(
                view, context.mask(view, *its_filter) if its_filter else None
            )
            promoted = selection.Promotion(name, percent, promoted_mask)
        explore = sources.explorer.candidates(deployment, context.data, view)
        choices = selection.select(
            scores,
            count,
            mask,
            shows_score=deployment.shows_scores,
            promotion=promoted,
            explore=explore,
            explore_share=deployment.explores.weight if deployment.explores else 0.0,
        )
        return _item_list(sources, context, view, choices, columns)

    return Prepared(deployment, context.request(), finish)


def ranking(sources: Sources, params: Params) -> Prepared:
    """`GetPersonalizedRanking`."""
    deployment = sources.deployment(params["campaignArn"])
    if deployment.model.needs != "ranking":
        raise InvalidInputError(
            f"This campaign's recipe is of type {deployment.recipe_type}. GetPersonalizedRanking needs a "
            "campaign with a recipe of type PERSONALIZED_RANKING; use GetRecommendations."
        )
    listed = list(params["inputList"])
    columns = _metadata_columns(sources, deployment, params)
    limit = MAX_RESULTS_WITH_METADATA if columns else MAX_RESULTS
    if not listed:
        raise InvalidInputError("inputList must hold at least one item.")
    if len(listed) > limit:
        raise InvalidInputError(f"inputList has {len(listed)} items; at most {limit} can be ranked.")
    context = _RequestContext(sources, deployment, params)
    request_filter = context.filter(params)

    def finish(scores: Scores, items: Vocabulary) -> Answer:
        view = context.view(items)
        allowed = listed
        if request_filter:
            mask = context.mask(view, *request_filter)
            allowed = [name for name in listed if _lets_through(mask, items.index_of(name))]
        indices = np.array([items.index_of(name) for name in allowed], np.int64)
        ranked = []
        for at, score in selection.rank(scores, indices):
            # "If an item wasn't present during the latest training, it receives a score of 0", says the guide.
            ranked.append(context.result(allowed[at], 0.0 if score is None else score, columns))
        return {
            "personalizedRanking": ranked,
            "recommendationId": _identify(sources, deployment, [r["itemId"] for r in ranked]),
        }

    return Prepared(deployment, context.request(), finish)


def actions(sources: Sources, params: Params) -> Prepared:
    """`GetActionRecommendations`."""
    if not params.get("campaignArn"):
        raise InvalidInputError("campaignArn is required.")
    deployment = sources.deployment(params["campaignArn"])
    if deployment.recipe_type != PERSONALIZED_ACTIONS:
        raise InvalidInputError(
            f"This campaign's recipe is of type {deployment.recipe_type}. GetActionRecommendations needs a "
            "campaign with a recipe of type PERSONALIZED_ACTIONS."
        )
    _require(deployment, params)
    count = _count(params, DEFAULT_ACTIONS, MAX_ACTIONS)
    context = _RequestContext(sources, deployment, params)
    request_filter = context.filter(params)

    def finish(scores: Scores, items: Vocabulary) -> Answer:
        view = context.view(items)
        mask = context.mask(view, *request_filter) if request_filter else None
        choices = selection.select(scores, count, mask)
        best = np.array([c.item for c in choices], np.int64)
        listed = [
            _action(str(name), float(score))
            for name, score in zip(items.ids[best], scores.of(best), strict=True)
        ]
        return {"actionList": listed, "recommendationId": _identify(sources, deployment, [])}

    return Prepared(deployment, context.request(), finish)


class _RequestContext:
    """One request's look-ups, each made once."""

    def __init__(self, sources: Sources, deployment: Deployment, params: Params) -> None:
        self.sources = sources
        self.deployment = deployment
        self.params = params
        self.data = sources.data(deployment.data_arn)
        self.user_id: str | None = params.get("userId")
        self.user = self.data.users.row(self.user_id)
        self.events = self.data.histories.of(self.user_id)

    def request(self) -> Request:
        items, times = self.deployment.history(self.events, self.data.histories)
        return Request(
            user_id=self.user_id,
            item_id=self.params.get("itemId"),
            history_items=items,
            history_times=times,
            context=self.params.get("context") or {},
            user=self.user,
            now=int(time.time()),
        )

    def filter(self, params: Params) -> tuple[Filter, Mapping[str, Any]] | None:
        """The filter of a request or a promotion with its parameters, checked."""
        if not params.get("filterArn"):
            if params.get("filterValues"):
                raise InvalidInputError("filterValues were given without a filterArn.")
            return None
        parsed = self.sources.filter(params["filterArn"], self.deployment.group_arn)
        wanted = Target.ACTION if self.deployment.recipe_type == PERSONALIZED_ACTIONS else Target.ITEM
        if parsed.target is not wanted:
            raise InvalidInputError(
                f"The filter filters {parsed.target}, but this request returns {wanted}s."
            )
        if parsed.needs_current_item and self.deployment.recipe_type != RELATED_ITEMS:
            raise InvalidInputError(
                "The filter compares with CurrentItem, which only requests for related items have; this one's recipe"
                f" is of type {self.deployment.recipe_type}."
            )
        try:
            return parsed, bind(parsed, params.get("filterValues"))
        except FilterError as problem:
            raise InvalidInputError(str(problem)) from None

    def view(self, items: Vocabulary) -> ItemView:
        return self.deployment.view(self.data, items)

    def mask(self, view: ItemView, parsed: Filter, values: Mapping[str, Any]) -> np.ndarray | None:
        row = view.items.index_of(self.params.get("itemId"))
        subject = Subject(self._event_rows(), self.user, row if row >= 0 else None)
        try:
            return apply_filter(parsed, view.columns, values, subject)
        except FilterError as problem:
            raise InvalidInputError(str(problem)) from None

    def without_hidden(self, view: ItemView, mask: np.ndarray | None) -> np.ndarray | None:
        """Domain use cases leave out what the user bought or watched."""
        if not self.deployment.hides_events:
            return mask
        rows = self._event_rows()
        mask = np.ones(len(view.items), bool) if mask is None else mask.copy()
        for kind in self.deployment.hides_events:
            mask[rows.get(kind, np.empty(0, np.int32))] = False
        return mask

    def _event_rows(self) -> dict[str, np.ndarray]:
        return event_rows(self.deployment, self.data, self.events)

    def result(
        self,
        item_id: str,
        score: float | None,
        columns: list[tuple[str, str]],
        promotion: str | None = None,
        reason: str | None = None,
    ) -> Answer:
        item: Answer = {"itemId": item_id}
        if score is not None:
            item["score"] = score
        if promotion is not None:
            item["promotionName"] = promotion
        if reason is not None and self.deployment.recipe.endswith("-v2"):
            item["reason"] = [reason]
        if columns:
            values = ((label, self.data.items.value(item_id, name)) for label, name in columns)
            item["metadata"] = {label: str(value) for label, value in values if value is not None}
        return item


def event_rows(deployment: Deployment, data: GroupData, events: Events) -> dict[str, np.ndarray]:
    """Model indices of a user's items by event type in lower case ("" for none); the newest of each type
    only.
    """
    rows: dict[str, np.ndarray] = {}
    kinds = data.histories.event_types
    for code in np.unique(events.types).tolist():
        newest = events.items[events.types == code][-MAX_EVENTS_PER_FILTER:]
        indices = deployment.model_indices(data.histories.items, newest)
        rows[kinds.ids[code] if code >= 0 else ""] = indices[indices >= 0]
    return rows


def _item_list(
    sources: Sources,
    context: _RequestContext,
    view: ItemView,
    choices: list[selection.Choice],
    columns: list[tuple[str, str]],
) -> Answer:
    ids = view.items.ids
    listed = [context.result(str(ids[c.item]), c.score, columns, c.promotion, c.reason) for c in choices]
    recommendation_id = _identify(sources, context.deployment, [item["itemId"] for item in listed])
    return {"itemList": listed, "recommendationId": recommendation_id}


def _identify(sources: Sources, deployment: Deployment, items: list[str]) -> str:
    recommendation_id = new_id(deployment.arn)
    sources.remember(recommendation_id, items)
    return recommendation_id


def _campaign_or_recommender(params: Params) -> str:
    campaign, recommender = params.get("campaignArn"), params.get("recommenderArn")
    if bool(campaign) == bool(recommender):
        raise InvalidInputError("Exactly one of campaignArn and recommenderArn must be given.")
    return str(campaign or recommender)


def _require(deployment: Deployment, params: Params) -> None:
    needed = deployment.requires or {"user": ("userId",), "item": ("itemId",)}.get(deployment.model.needs, ())
    for name in needed:
        if not params.get(name):
            raise InvalidInputError(
                f"{name} is required for recommendations of recipe type {deployment.recipe_type}."
            )


def _count(params: Params, usual: int, most: int) -> int:
    count: int | None = params.get("numResults")
    if count is None:
        return usual
    if count > most:
        raise InvalidInputError(f"numResults is {count}; the maximum is {most}.")
    return count


def _metadata_columns(sources: Sources, deployment: Deployment, params: Params) -> list[tuple[str, str]]:
    """(name as answers show it, in lower case; name in upper case) of the columns to show."""
    requested = params.get("metadataColumns") or {}
    if not requested:
        return []
    if not deployment.shows_metadata:
        raise InvalidInputError(
            "metadataColumns can only be used when enableMetadataWithRecommendations is true in the "
            "configuration of the campaign or recommender."
        )
    if set(requested) != {"ITEMS"}:
        raise InvalidInputError("The key of metadataColumns must be ITEMS.")
    if len(requested["ITEMS"]) > MAX_METADATA_COLUMNS:
        raise InvalidInputError(f"At most {MAX_METADATA_COLUMNS} metadata columns can be asked for.")
    known = sources.data(deployment.group_arn).items.fields
    unknown = [name for name in requested["ITEMS"] if name.upper() not in known]
    if unknown:
        raise InvalidInputError(
            f"The Items dataset has no column {', '.join(unknown)}; it has {', '.join(sorted(known)) or 'none'}."
        )
    return [(name.lower(), name.upper()) for name in requested["ITEMS"]]


def _promotion(
    context: _RequestContext, params: Params
) -> tuple[str, int, tuple[Filter, Mapping[str, Any]] | None] | None:
    listed = params.get("promotions") or ()
    if not listed:
        return None
    if len(listed) > 1:
        raise InvalidInputError("At most one promotion can be given.")
    wanted = listed[0]
    if not wanted.get("filterArn"):
        raise InvalidInputError("A promotion needs a filterArn.")
    if not wanted.get("percentPromotedItems"):
        raise InvalidInputError("A promotion needs percentPromotedItems, 1 to 100.")
    return wanted.get("name") or "promotion", int(wanted["percentPromotedItems"]), context.filter(wanted)


def _lets_through(mask: np.ndarray | None, index: int) -> bool:
    """Items that the model doesn't know are never filtered: nothing is known of them."""
    return mask is None or index < 0 or bool(mask[index])


def _action(action_id: str, propensity: float) -> Answer:
    """A propensity is of the action alone: those of a list don't add up to anything."""
    return {"actionId": action_id, "score": round(propensity, 7)}
