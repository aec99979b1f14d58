"""aws-similar-items: items like a given one, by who took both and by what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from localpersonalize.recipes.base import serialization
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.features import Features
from localpersonalize.recipes.base.hyperparameters import Hyperparameters, guide_page, hyperparameter
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.recipes.knn.neighbours import Neighbours, co_interactions
from localpersonalize.recipes.knn.sims import MAX_NEIGHBOURS

COLD_ITEM_EVENTS = 5  # below, an item is cold: metadata say more than its events
METADATA_WEIGHT = 0.2  # what the same metadata count, beside the best neighbour by events


GUIDE = guide_page("native-recipe-similar-items")


class SimilarItemsHyperparameters(Hyperparameters):
    item_id_hidden_dim: int = hyperparameter(
        100,
        30,
        200,
        tunable=True,
        description="The size of the service's item embeddings. Checked and kept for compatibility; similarities"
        " are counted here rather than learned, so it changes nothing.",
        source=GUIDE,
    )
    item_metadata_hidden_dim: int = hyperparameter(
        100,
        30,
        200,
        tunable=True,
        description="The most dimensions in which metadata are compared: those in which items differ most, where the"
        " metadata have more values than that.",
        source=GUIDE,
    )


class SimilarItemsModel(Model):
    """Similarity: the share of the best neighbour's, plus the cosine of metadata; for a cold item the metadata
    decide. An unknown item gets the popular ones."""

    recipe = "aws-similar-items"
    needs = "item"

    def __init__(
        self,
        items: Vocabulary,
        neighbours: Neighbours,
        users: np.ndarray,
        metadata: np.ndarray,
        features: Features,
        axes: np.ndarray | None = None,
    ) -> None:
        """
        :param axes: of the metadata's dimensions, float32 [features, dimensions]; None: each feature is one.
        """
        self.items = items
        self.neighbours = neighbours
        self.users = users
        self.metadata = metadata
        self.features = features
        self.axes = axes
        self.popular = (users / (users.max() + 1.0) - 1.0).astype(np.float32)
        if not features.width:
            self.popular[users == 0] = -np.inf

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        return np.stack([self._score(self.items.index_of(request.item_id)) for request in requests])

    def _score(self, item: int) -> np.ndarray:
        row: np.ndarray = self.popular.copy()
        if item < 0:
            return row
        row *= 1e-3
        if item < len(self.users) and self.users[item] > 0:
            similar, similarity = self.neighbours.of(item)
            if len(similar):
                row[similar] += similarity / similarity[0]
        if self.features.width:
            cold = self.users[item] < COLD_ITEM_EVENTS
            row += (1.0 if cold else METADATA_WEIGHT) * (self.metadata @ self.metadata[item])
        row[item] = -np.inf
        return row

    def add_items(self, items: pa.Table) -> None:
        """New items are as similar as their metadata."""
        new_items = items.filter(pa.array(self.items.index(items["ITEM_ID"]) < 0))
        if not self.features.width or not new_items.num_rows:
            return
        count = new_items.num_rows
        self.metadata = np.concatenate([self.metadata, _unit(self.features, new_items, self.axes)])
        self.users = np.concatenate([self.users, np.zeros(count, self.users.dtype)])
        self.popular = np.concatenate([self.popular, np.full(count, -1.0, np.float32)])
        starts = np.concatenate([self.neighbours.starts, np.full(count, self.neighbours.starts[-1])])
        self.neighbours = Neighbours(starts, self.neighbours.ids, self.neighbours.similarities)
        self.items = self.items.extended(new_items["ITEM_ID"].to_pylist())

    def save(self, directory: Path) -> None:
        arrays = {"users": self.users, "metadata": self.metadata, **self.neighbours.arrays()}
        if self.axes is not None:
            arrays["axes"] = self.axes
        serialization.write(directory, self.recipe, self.items, arrays, features=self.features.to_json())

    @classmethod
    def load(cls, directory: Path) -> SimilarItemsModel:
        items, arrays, small = serialization.read(directory)
        features = Features.from_json(small["features"])
        neighbours = Neighbours.from_arrays(arrays)
        return cls(items, neighbours, arrays["users"], arrays["metadata"], features, arrays.get("axes"))


class SimilarItems(Recipe):
    name = "aws-similar-items"
    recipe_type = "RELATED_ITEMS"
    description = "Recommends items similar to a given one, by interactions and by item metadata."
    algorithm = "aws-similar-items"
    feature_transformation = "aws-similar-items"
    hyperparameters = SimilarItemsHyperparameters
    model = SimilarItemsModel

    def train(self, data: TrainingData, hyperparameters: Any, options: TrainingOptions) -> SimilarItemsModel:
        log = EventLog.of(data)
        names = [] if data.items is None else sorted(data.items.column_names)
        features = Features.fit(data.items, data.schemas.get("items"), names)
        axes = None
        if (
            data.items is not None
            and features.width > hyperparameters.item_metadata_hidden_dim
            and data.items.num_rows > 1
        ):
            axes = _axes(features, data.items, hyperparameters.item_metadata_hidden_dim)
        width = features.width if axes is None else axes.shape[1]
        metadata = np.zeros((len(log.items), width), np.float32)
        if data.items is not None and features.width:
            metadata[log.items.index(data.items["ITEM_ID"])] = _unit(features, data.items, axes)
        options.step(0.05, f"{len(log)} events, {features.width} features of {len(log.items)} items")
        neighbours = co_interactions(
            log, np.ones(len(log), bool), discount=0.5, min_count=2, count=MAX_NEIGHBOURS, options=options
        )
        return SimilarItemsModel(log.items, neighbours, log.users_of_items(), metadata, features, axes)


def _unit(features: Features, table: pa.Table, axes: np.ndarray | None = None) -> np.ndarray:
    """Features of each row, along the axes if there are any, at length 1, float32 [rows, width]."""
    encoded = features.encode(table)
    dense = encoded.toarray() if axes is None else np.asarray(encoded @ axes)
    lengths = np.linalg.norm(dense, axis=1, keepdims=True)
    unit: np.ndarray = dense / np.maximum(lengths, 1e-9).astype(np.float32)
    return unit.astype(np.float32)


def _axes(features: Features, table: pa.Table, dimensions: int) -> np.ndarray:
    """The directions in which the rows' features, at length 1, are longest (float32 [features, dimensions])."""
    encoded = features.encode(table)
    lengths = np.sqrt(np.asarray(encoded.multiply(encoded).sum(axis=1)).ravel())
    unit = sp.diags_array(1 / np.maximum(lengths, 1e-9)) @ encoded
    start = np.random.default_rng(0).standard_normal(min(unit.shape))
    _, _, right = svds(unit.astype(np.float64), k=max(1, min(dimensions, min(unit.shape) - 1)), v0=start)
    return np.ascontiguousarray(right[::-1].T, np.float32)
