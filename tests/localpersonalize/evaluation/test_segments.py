"""Metrics of user segments on users of whom it is known what they will take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.evaluation import segments
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.recipes.registry import recipe

USERS, ITEMS = 400, 8
SCHEMAS = {"items": {"fields": [{"name": "KIND", "type": "string", "categorical": True}]}}


def events(step: int) -> pa.Table:
    """User n takes item n % 8, and then the next one."""
    users = [f"u{n}" for n in range(USERS)]
    items = [f"i{(n + step) % ITEMS}" for n in range(USERS)]
    return pa.table({"USER_ID": users, "ITEM_ID": items, "TIMESTAMP": [step] * USERS})


class Knows(Model):
    """Sure of the item after the last one, and surer of users with greater numbers; `wrong` of the one before."""

    recipe = "test"
    needs = "segment"

    def __init__(self, wrong: bool = False) -> None:
        self.items = Vocabulary([f"i{n}" for n in range(ITEMS)])
        self.step = -1 if wrong else 1

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        scores = np.zeros((len(requests), ITEMS), np.float32)
        for row, request in enumerate(requests):
            number = int(str(request.user_id)[1:])
            scores[row, (int(request.history_items[-1]) + self.step) % ITEMS] = 1 + number / USERS
        return scores

    def save(self, directory: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, directory: Path) -> Self:
        raise NotImplementedError


KIND = pa.table(
    {"ITEM_ID": [f"i{n}" for n in range(ITEMS)], "KIND": ["low|all" if n < 4 else "all" for n in range(8)]}
)


@pytest.mark.parametrize("part", [10_000_000, ITEMS * 2 * 7])
def test_all_users_are_ranked_for_every_item(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SCORES_IN_MEMORY", part)
    known, later = TrainingData(events(0)), TrainingData(events(1))
    result = segments.measure(recipe("aws-item-affinity"), Knows(), known, later)
    # One percent of 400 users are 4 of the 50 who take an item; 8 items have 32 of the users in their segments.
    assert result == {"coverage": 32 / USERS, "hits_at_1_percent": 4.0, "recall_at_1_percent": 4 / 50}


def test_a_model_that_is_wrong_hits_nobody() -> None:
    known, later = TrainingData(events(0)), TrainingData(events(1))
    result = segments.measure(recipe("aws-item-affinity"), Knows(wrong=True), known, later)
    assert result["hits_at_1_percent"] == result["recall_at_1_percent"] == 0.0


def test_attributes_are_the_queries_of_the_other_recipe() -> None:
    known = TrainingData(events(0), items=KIND, schemas=SCHEMAS)
    result = segments.measure(recipe("aws-item-attribute-affinity"), Knows(), known, TrainingData(events(1)))
    # Two values: half of the users take something "low", everybody something of "all".
    assert result["hits_at_1_percent"] == 4.0
    assert result["recall_at_1_percent"] == pytest.approx((4 / 200 + 4 / 400) / 2)
    assert result["coverage"] == 8 / USERS
