"""aws-sims: items that share users, by item-to-item collaborative filtering.

Linden, Smith and York, "Amazon.com recommendations: item-to-item collaborative filtering" (2003).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from localpersonalize.recipes import serialization
from localpersonalize.recipes.base import Model, Recipe, Request, TrainingData, TrainingOptions
from localpersonalize.recipes.hyperparameters import Hyperparameters, between
from localpersonalize.recipes.interactions import EventLog
from localpersonalize.recipes.knn.neighbours import Neighbours, co_interactions
from localpersonalize.recipes.vocabulary import Vocabulary

NEIGHBOURS = 100


class SimsHyperparameters(Hyperparameters):
    popularity_discount_factor: float = between(0.5, 0.0, 1.0, tunable=True)
    min_cointeraction_count: int = between(3, 0, 10, tunable=True)
    min_user_history_length_percentile: float = between(0.005, 0.0, 1.0, group="feature_transformation")
    max_user_history_length_percentile: float = between(0.995, 0.0, 1.0, group="feature_transformation")
    min_item_interaction_count_percentile: float = between(0.01, 0.0, 1.0, group="feature_transformation")
    max_item_interaction_count_percentile: float = between(0.9, 0.0, 1.0, group="feature_transformation")


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
        return cls(items, Neighbours.of_arrays(arrays), arrays["users"])


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
    keep = log.within_history_percentiles(
        hyperparameters.min_user_history_length_percentile,
        hyperparameters.max_user_history_length_percentile,
    )
    keep = log.within_item_percentiles(
        keep,
        hyperparameters.min_item_interaction_count_percentile,
        hyperparameters.max_item_interaction_count_percentile,
    )
    return co_interactions(
        log,
        keep,
        discount=hyperparameters.popularity_discount_factor,
        min_count=hyperparameters.min_cointeraction_count,
        count=NEIGHBOURS,
        options=options,
    )
