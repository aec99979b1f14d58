"""A dataset group small enough to know by heart, and models whose right answers are plain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.runtime import requests
from localpersonalize.runtime.deployment import Deployment, GroupData
from localpersonalize.runtime.errors import ResourceNotFoundError
from localpersonalize.runtime.exploration import Explorer
from localpersonalize.runtime.filters import Filter, parse
from localpersonalize.runtime.histories import StreamedEvent

ITEMS = [f"i{n}" for n in range(10)]
DAY = 86_400


class NextItem(Model):
    """After item n comes item n + 1; without a history, item 0. Scores are logits."""

    recipe = "test-next-item"
    needs = "user"
    uses_history = True
    score_kind = "logit"

    def __init__(self, items: Sequence[str] = ITEMS) -> None:
        self.items = Vocabulary(items)

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        size = len(self.items)
        rows = []
        for request in requests:
            start = (int(request.history_items[-1]) + 1) % size if len(request.history_items) else 0
            rows.append(-((np.arange(size) - start) % size).astype(np.float32))
        return np.stack(rows)

    def add_items(self, items: pa.Table) -> None:
        self.items = self.items.extended(items["ITEM_ID"].to_pylist())

    def save(self, directory: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, directory: Path) -> NextItem:
        raise NotImplementedError


class AfterItem(NextItem):
    """The same for the item that a request names; shows no scores."""

    needs = "item"
    score_kind = "none"

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        indices = [self.items.index_of(request.item_id) for request in requests]
        neighbours = [Request(history_items=np.array([p] if p >= 0 else [], np.int32)) for p in indices]
        return super().score(neighbours)


class Ranker(NextItem):
    needs = "ranking"


@dataclass
class PlantedRuntime:
    """`Sources` in memory."""

    held: GroupData
    deployments: dict[str, Deployment] = field(default_factory=dict)
    filters: dict[str, Filter] = field(default_factory=dict)
    explorer: Explorer = field(default_factory=Explorer)
    remembered: dict[str, list[str]] = field(default_factory=dict)

    def deployment(self, arn: str) -> Deployment:
        if arn not in self.deployments:
            raise ResourceNotFoundError(f"no {arn}")
        return self.deployments[arn]

    def data(self, group_arn: str) -> GroupData:
        return self.held

    def filter(self, arn: str, group_arn: str) -> Filter:
        return self.filters[arn]

    def remember(self, recommendation_id: str, items: list[str]) -> None:
        self.remembered[recommendation_id] = items

    def deploy(
        self, arn: str, model: Model, recipe_type: str = "USER_PERSONALIZATION", **more: Any
    ) -> Deployment:
        more.setdefault("recipe", "aws-test")
        deployment = Deployment(arn, f"{arn}/v1", "group", recipe_type=recipe_type, model=model, **more)
        self.deployments[arn] = deployment
        return deployment

    def put_items(self, *rows: dict[str, Any]) -> None:
        items = self.held.items.with_rows(rows)
        self.held = replace(self.held, items=items, revision=self.held.revision + 1)

    def happened(
        self, user: str | None, *items: str, time: int = 1000, kind: str = "view", session: str = "s"
    ) -> None:
        self.held.histories.add(
            StreamedEvent(user, session, item, time + n, kind) for n, item in enumerate(items)
        )

    def add_filter(self, name: str, text: str) -> str:
        self.filters[name] = parse(text)
        return name

    def recommend(self, **params: Any) -> dict[str, Any]:
        return answer(requests.recommendations(self, params))

    def ids(self, **params: Any) -> str:
        return " ".join(item["itemId"] for item in self.recommend(**params)["itemList"])

    def rank(self, **params: Any) -> dict[str, Any]:
        return answer(requests.ranking(self, params))


def answer(prepared: requests.Prepared) -> dict[str, Any]:
    scores, items = prepared.deployment.score([prepared.request])
    return prepared.finish(scores[0], items)
