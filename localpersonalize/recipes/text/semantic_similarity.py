"""aws-semantic-similarity: items whose names and descriptions mean the same, with or without interactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base import serialization
from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.recipes.text.embedding import Embedding
from localpersonalize.recipes.text.terms import Terms, terms_of

NAME_WEIGHT = 2  # of a word in an item's name, beside one in its description


class SemanticSimilarityModel(Model):
    """Scores are cosines of the items' texts; to an unknown item all are as similar as they are popular.

    `columns`: the columns that are read, and how: `name`, `text` or `categories`; `users`: distinct users of each
    item, float32 [items]; `vectors`: float32 [items, dimensions].
    """

    recipe = "aws-semantic-similarity"
    needs = "item"

    def __init__(
        self,
        items: Vocabulary,
        vectors: np.ndarray,
        users: np.ndarray,
        embedding: Embedding,
        columns: Mapping[str, str],
    ) -> None:
        self.items, self.vectors, self.users = items, vectors, users
        self.embedding, self.columns = embedding, columns

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        return np.stack([self._score(self.items.index_of(request.item_id)) for request in requests])

    def _score(self, item: int) -> np.ndarray:
        popularity: np.ndarray = (self.users / (self.users.max() + 1.0)).astype(np.float32)
        if item < 0:
            return popularity
        row: np.ndarray = self.vectors @ self.vectors[item] + 1e-6 * popularity
        row[item] = -np.inf
        return row

    def add_items(self, items: pa.Table) -> None:
        """New items are similar as soon as they are put."""
        new_items = items.filter(pa.array(self.items.index(items["ITEM_ID"]) < 0))
        if not new_items.num_rows:
            return
        vectors = self.embedding.encode(texts_of(new_items, self.columns))
        self.vectors = np.concatenate([self.vectors, vectors])
        self.users = np.concatenate([self.users, np.zeros(len(vectors), np.float32)])
        self.items = self.items.extended(new_items["ITEM_ID"].to_pylist())

    def save(self, directory: Path) -> None:
        arrays = {"vectors": self.vectors, "users": self.users}
        arrays |= {"weights": self.embedding.weights, "axes": self.embedding.axes}
        small = {"terms": self.embedding.terms, "columns": dict(self.columns)}
        serialization.write(directory, self.recipe, self.items, arrays, **small)

    @classmethod
    def load(cls, directory: Path) -> SemanticSimilarityModel:
        items, arrays, small = serialization.read(directory)
        embedding = Embedding(small["terms"], arrays["weights"], arrays["axes"])
        return cls(items, arrays["vectors"], arrays["users"], embedding, small["columns"])


class SemanticSimilarity(Recipe):
    name = "aws-semantic-similarity"
    recipe_type = "RELATED_ITEMS"
    description = "Recommends items whose names and descriptions are similar to those of a given one."
    algorithm = "aws-semantic-similarity"
    feature_transformation = "aws-semantic-similarity"
    hyperparameters = Hyperparameters
    model = SemanticSimilarityModel
    required_datasets = ("items",)
    required_item_fields = ("itemName", "textual")

    def check(self, data: TrainingData, hyperparameters: Any, options: TrainingOptions) -> None:
        if not {"name", "text"} <= set(_columns(data).values()):
            raise TrainingError(
                f"{self.name} needs the Items fields that are marked itemName and textual; trainingDataConfig leaves"
                " one of them out."
            )

    def train(
        self, data: TrainingData, hyperparameters: Any, options: TrainingOptions
    ) -> SemanticSimilarityModel:
        assert data.items is not None
        items, columns = Vocabulary.of(data.items["ITEM_ID"]), _columns(data)
        texts = texts_of(data.items, columns)
        embedding = Embedding.fit(texts)
        options.step(0.5, f"{len(embedding.terms)} terms of {len(items)} items")
        if not embedding.terms:
            raise TrainingError(f"{self.name} found no word that two items have in common.")
        vectors = np.zeros((len(items), embedding.axes.shape[1]), np.float32)
        vectors[items.index(data.items["ITEM_ID"])] = embedding.encode(texts)
        users = np.zeros(len(items), np.float32)
        if data.interactions.num_rows and (items.index(data.interactions["ITEM_ID"]) >= 0).any():
            users = EventLog.of(data, items).users_of_items().astype(np.float32)
        return SemanticSimilarityModel(items, vectors, users, embedding, columns)


def texts_of(table: pa.Table, columns: Mapping[str, str]) -> list[Terms]:
    """The terms of each row: of its name twice, of its description, and its categories as they are."""
    texts: list[Terms] = [{} for _ in range(table.num_rows)]
    for column, kind in columns.items():
        for terms, value in zip(
            texts, table[column].to_pylist() if column in table.column_names else (), strict=False
        ):
            if value is None:
                continue
            if kind == "categories":
                terms |= {f"{column}={category}": 1.0 for category in str(value).split("|")}
                continue
            for term, count in terms_of(str(value)).items():
                terms[term] = terms.get(term, 0.0) + count * (NAME_WEIGHT if kind == "name" else 1)
    return texts


def _columns(data: TrainingData) -> dict[str, str]:
    """What is read, by the marks of the Items schema."""
    marks = {"itemName": "name", "textual": "text", "categorical": "categories"}
    names = set(data.items.column_names) if data.items is not None else set()
    return {
        field["name"].upper(): kind
        for field in data.schemas.get("items", {}).get("fields", ())
        for mark, kind in marks.items()
        if field.get(mark) and field["name"].upper() in names
    }
