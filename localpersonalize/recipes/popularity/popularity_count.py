"""aws-popularity-count: the items that most users interacted with, the same for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from localpersonalize.recipes.base import serialization
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.base.vocabulary import Vocabulary


class PopularityModel(Model):
    """Scores are counts of distinct users; an item without any is not recommended."""

    recipe = "aws-popularity-count"
    needs = "nothing"

    def __init__(self, items: Vocabulary, users: np.ndarray) -> None:
        self.items = items
        self.users = users
        self.scores = np.where(users > 0, users, -np.inf).astype(np.float32)

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        return np.broadcast_to(self.scores, (len(requests), len(self.scores)))

    def save(self, directory: Path) -> None:
        serialization.write(directory, self.recipe, self.items, {"users": self.users})

    @classmethod
    def load(cls, directory: Path) -> PopularityModel:
        items, arrays, _ = serialization.read(directory)
        return cls(items, arrays["users"])


class PopularityCount(Recipe):
    name = "aws-popularity-count"
    recipe_type = "USER_PERSONALIZATION"
    description = "Recommends the items that most users interacted with, the same to everybody."
    algorithm = "aws-popularity-count"
    feature_transformation = "sims"
    hyperparameters = Hyperparameters
    model = PopularityModel

    def train(self, data: TrainingData, hyperparameters: Any, options: TrainingOptions) -> PopularityModel:
        log = EventLog.of(data)
        options.step(0.5, f"counting the users of {len(log.items)} items")
        return PopularityModel(log.items, log.users_of_items())
