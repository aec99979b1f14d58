"""aws-next-best-action: the actions that a user will most probably take.

How often an action is taken once it is shown, of all users, drawn towards how often this user took it: a beta-binomial
model. Trains on the Actions and Action_Interactions datasets, which stand in for items and interactions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from localpersonalize.recipes.base import serialization
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.base.vocabulary import Vocabulary

TAKEN_EVENT_TYPE = "taken"
PRIOR_EVENTS = 5.0
"""As many events of a user's own as weigh as much as everybody's rate."""


class NextBestActionModel(Model):
    """`taken`, `events`: counts, float32 [users, actions], sparse; scores are log probabilities."""

    recipe = "aws-next-best-action"
    needs = "user"
    score_kind = "logit"

    def __init__(
        self, items: Vocabulary, users: Vocabulary, taken: sparse.csr_matrix, events: sparse.csr_matrix
    ) -> None:
        self.items, self.users, self.taken, self.events = items, users, taken, events
        all_taken, all_events = (np.asarray(counts.sum(axis=0)).ravel() for counts in (taken, events))
        self.rates = (all_taken + 1.0) / (all_events + 2.0)

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        scores = np.empty((len(requests), len(self.items)), np.float32)
        for row, request in enumerate(requests):
            user = self.users.index_of(request.user_id)
            own = (0.0, 0.0) if user < 0 else (self.taken[user].toarray()[0], self.events[user].toarray()[0])
            scores[row] = np.log((own[0] + PRIOR_EVENTS * self.rates) / (own[1] + PRIOR_EVENTS))
        return scores

    def save(self, directory: Path) -> None:
        self.users.save(directory / "users.arrow")
        events = self.events.tocoo()
        taken = np.asarray(self.taken[events.row, events.col]).ravel()
        arrays = {"user": events.row, "action": events.col, "shown": events.data, "taken": taken}
        serialization.write(directory, self.recipe, self.items, arrays)

    @classmethod
    def load(cls, directory: Path) -> NextBestActionModel:
        items, arrays, _ = serialization.read(directory)
        users = Vocabulary.load(directory / "users.arrow")
        taken, events = (
            sparse.csr_matrix((arrays[name], (arrays["user"], arrays["action"])), (len(users), len(items)))
            for name in ("taken", "shown")
        )
        return cls(items, users, taken, events)


class NextBestAction(Recipe):
    name = "aws-next-best-action"
    recipe_type = "PERSONALIZED_ACTIONS"
    description = "Predicts the actions that a user will most probably take."
    algorithm = "aws-next-best-action"
    feature_transformation = "featurize_metadata"
    hyperparameters = Hyperparameters
    model = NextBestActionModel
    answers_batches = False

    def train(
        self, data: TrainingData, hyperparameters: Any, options: TrainingOptions
    ) -> NextBestActionModel:
        log = EventLog.of(data)
        options.step(0.5, f"counting what {len(log.users)} users did with {len(log.items)} actions")
        event_types = pc.utf8_lower(data.interactions["EVENT_TYPE"].cast(pa.string()))
        is_taken = pc.fill_null(pc.equal(event_types, TAKEN_EVENT_TYPE), False).to_numpy()[log.row]
        size = (len(log.users), len(log.items))
        events = sparse.csr_matrix((np.ones(len(log), np.float32), (log.user, log.item)), size)
        taken = sparse.csr_matrix((is_taken.astype(np.float32), (log.user, log.item)), size)
        return NextBestActionModel(log.items, log.users, taken, events)
