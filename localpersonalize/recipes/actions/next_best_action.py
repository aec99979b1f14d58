"""aws-next-best-action: the actions that a user will most probably take, each with a propensity of its own.

How often an action is taken once it is shown, of all users, drawn towards how often this user took it: a beta-binomial
model. Trains on the Actions and Action_Interactions datasets, which stand in for items and interactions. Which actions
have a propensity, and that equal ones are ordered by value: the developer guide, "Next-Best-Action recipe".
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

TAKEN, NOT_TAKEN = ("taken",), ("not_taken", "not taken", "viewed")
"""Event types in lower case; others are no evidence."""
MIN_EVENTS = 50  # of an action, of each of the two, or its propensity is 0
WINDOW_SECONDS = 6 * 7 * 86_400  # before the newest event
PRIOR_EVENTS = 5.0
"""As many events of a user's own as weigh as much as everybody's rate."""


class NextBestActionModel(Model):
    """`taken`, `events`: counts, float32 [users, actions], sparse; scores are propensities.

    Actions are in the order of their value, greatest first: of equal scores the first is recommended first.
    """

    recipe = "aws-next-best-action"
    needs = "user"
    score_kind = "propensity"

    def __init__(
        self, items: Vocabulary, users: Vocabulary, taken: sparse.csr_matrix, events: sparse.csr_matrix
    ) -> None:
        self.items, self.users, self.taken, self.events = items, users, taken, events
        all_taken, all_events = (np.asarray(counts.sum(axis=0)).ravel() for counts in (taken, events))
        self.rates = (all_taken + 1.0) / (all_events + 2.0)
        self.known = (all_taken >= MIN_EVENTS) & (all_events - all_taken >= MIN_EVENTS)

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        scores = np.zeros((len(requests), len(self.items)), np.float32)
        size = len(self.rates)
        for row, request in enumerate(requests):
            user = self.users.index_of(request.user_id)
            own = (0.0, 0.0) if user < 0 else (self.taken[user].toarray()[0], self.events[user].toarray()[0])
            propensities = (own[0] + PRIOR_EVENTS * self.rates) / (own[1] + PRIOR_EVENTS)
            scores[row, :size] = np.where(self.known, propensities, 0.0)
        return scores

    def add_items(self, items: pa.Table) -> None:
        """Actions that came after training are recommended, with a propensity of 0."""
        self.items = self.items.extended(items["ITEM_ID"].to_pylist())

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
        log = EventLog.of(data, _by_value(data))
        options.step(0.5, f"counting what {len(log.users)} users did with {len(log.items)} actions")
        event_types = pc.utf8_lower(data.interactions["EVENT_TYPE"].cast(pa.string()))
        recent = log.time > log.time.max() - WINDOW_SECONDS
        size = (len(log.users), len(log.items))
        taken, other = (
            _counts(log, recent & _is_one_of(event_types, kinds, log), size) for kinds in (TAKEN, NOT_TAKEN)
        )
        return NextBestActionModel(log.items, log.users, taken, (taken + other).tocsr())


def _by_value(data: TrainingData) -> Vocabulary:
    """The actions, those with the greatest `VALUE` first; without an Actions dataset those of the interactions."""
    if data.items is None:
        return Vocabulary.of(data.interactions["ITEM_ID"])
    if "VALUE" not in data.items.column_names:
        return Vocabulary.of(data.items["ITEM_ID"])
    values = pc.fill_null(data.items["VALUE"].cast(pa.float64()), -np.inf).to_numpy()
    return Vocabulary.of(data.items["ITEM_ID"].take(np.argsort(-values, kind="stable")))


def _is_one_of(event_types: pa.ChunkedArray, kinds: tuple[str, ...], log: EventLog) -> np.ndarray:
    """bool [events of the log]."""
    matches: np.ndarray = pc.is_in(event_types, value_set=pa.array(kinds)).to_numpy()[log.row]
    return matches


def _counts(log: EventLog, mask: np.ndarray, size: tuple[int, int]) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.ones(int(mask.sum()), np.float32), (log.user[mask], log.item[mask])), size)
