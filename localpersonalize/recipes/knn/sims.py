"""aws-sims: items that share users, by item-to-item collaborative filtering.

Linden, Smith and York, "Amazon.com recommendations: item-to-item collaborative filtering" (2003).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from localpersonalize.recipes.base import serialization
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.hyperparameters import Hyperparameters, guide_page, hyperparameter
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.recipes.knn.neighbours import Neighbours, co_interactions

MAX_NEIGHBOURS = 100


GUIDE = guide_page("native-recipe-sims")


class SimsHyperparameters(Hyperparameters):
    popularity_discount_factor: float = hyperparameter(
        0.5,
        0.0,
        1.0,
        tunable=True,
        description="The power of a neighbour's number of users that similarities are divided by: near 0 popular"
        " items are similar to everything, near 1 popularity hardly counts.",
        source=GUIDE,
    )
    min_cointeraction_count: int = hyperparameter(
        3,
        0,
        10,
        tunable=True,
        description="Pairs of items that fewer users have near each other in their histories are not similar at"
        " all; 0 counts as 1.",
        source=GUIDE,
    )
    min_user_history_length_percentile: float = hyperparameter(
        0.005,
        0.0,
        1.0,
        group="feature_transformation",
        description="Users whose histories are shorter than this percentile of all history lengths don't count.",
        source=GUIDE,
    )
    max_user_history_length_percentile: float = hyperparameter(
        0.995,
        0.0,
        1.0,
        group="feature_transformation",
        description="Users whose histories are longer than this percentile of all history lengths don't count:"
        " they may be robots.",
        source=GUIDE,
    )
    min_item_interaction_count_percentile: float = hyperparameter(
        0.01,
        0.0,
        1.0,
        group="feature_transformation",
        description="Items with fewer interactions than this percentile, counted by interactions, don't count.",
        source=GUIDE,
    )
    max_item_interaction_count_percentile: float = hyperparameter(
        0.9,
        0.0,
        1.0,
        group="feature_transformation",
        description="Of items with more interactions than this percentile, counted by interactions, only as many"
        " of the newest count.",
        source=GUIDE,
    )


class SimsModel(Model):
    """Neighbours of an item first, then the globally popular ones; an item is never its own neighbour."""

    recipe = "aws-sims"
    needs = "item"

    def __init__(self, items: Vocabulary, neighbours: Neighbours, users: np.ndarray) -> None:
        self.items = items
        self.neighbours = neighbours
        self.users = users
        # Below every similarity (which are positive), in order of popularity.
        self.popular = np.where(users > 0, users / (users.max() + 1.0) - 1.0, -np.inf).astype(np.float32)

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        scores = np.tile(self.popular, (len(requests), 1))
        for row, request in zip(scores, requests, strict=True):
            item = self.items.index_of(request.item_id)
            if item >= 0:
                similar, similarity = self.neighbours.of(item)
                row[similar] = similarity
                row[item] = -np.inf
        return scores

    def save(self, directory: Path) -> None:
        serialization.write(
            directory, self.recipe, self.items, {"users": self.users, **self.neighbours.arrays()}
        )

    @classmethod
    def load(cls, directory: Path) -> SimsModel:
        items, arrays, _ = serialization.read(directory)
        return cls(items, Neighbours.from_arrays(arrays), arrays["users"])


class Sims(Recipe):
    name = "aws-sims"
    recipe_type = "RELATED_ITEMS"
    description = "Recommends items that the same users interacted with as with a given item."
    algorithm = "aws-sims"
    feature_transformation = "sims"
    hyperparameters = SimsHyperparameters
    model = SimsModel

    def train(self, data: TrainingData, hyperparameters: Any, options: TrainingOptions) -> SimsModel:
        log = EventLog.of(data)
        users = log.users_of_items()
        options.step(0.1, f"{len(log)} events of {len(log.users)} users with {len(log.items)} items")
        return SimsModel(log.items, neighbours_of(log, hyperparameters, options), users)


def neighbours_of(
    log: EventLog, hyperparameters: SimsHyperparameters, options: TrainingOptions
) -> Neighbours:
    """Similar items from the users and items within the percentiles."""
    mask = log.within_history_percentiles(
        hyperparameters.min_user_history_length_percentile,
        hyperparameters.max_user_history_length_percentile,
    )
    mask = log.within_item_percentiles(
        mask,
        hyperparameters.min_item_interaction_count_percentile,
        hyperparameters.max_item_interaction_count_percentile,
    )
    return co_interactions(
        log,
        mask,
        discount=hyperparameters.popularity_discount_factor,
        min_count=hyperparameters.min_cointeraction_count,
        count=MAX_NEIGHBOURS,
        options=options,
    )
