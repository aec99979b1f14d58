"""aws-semantic-similarity: items whose names and descriptions mean the same, with or without interactions."""

from __future__ import annotations

import zlib
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
    item, float32 [items]; `vectors`: float32 [items, dimensions]; `digests`: of the texts they are of, uint32 [items].
    """

    recipe = "aws-semantic-similarity"
    needs = "item"
    follows_items = True

    def __init__(
        self,
        items: Vocabulary,
        vectors: np.ndarray,
        users: np.ndarray,
        embedding: Embedding,
        columns: Mapping[str, str],
        digests: np.ndarray,
    ) -> None:
        self.items, self.vectors, self.users, self.digests = items, vectors, users, digests
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
        """New items are similar as soon as they are put, changed ones by what they say now."""
        digests = digests_of(items, self.columns)
        rows = self.items.index(items["ITEM_ID"])
        differs = (rows < 0) | (self.digests[rows] != digests)
        if not differs.any():
            return
        items, rows, digests = items.filter(pa.array(differs)), rows[differs], digests[differs]
        is_new = rows < 0
        rows[is_new] = len(self.items) + np.arange(is_new.sum())
        extended = self.items.extended(items["ITEM_ID"].filter(pa.array(is_new)).to_pylist())
        more = len(extended) - len(self.items)
        vectors = np.pad(self.vectors, ((0, more), (0, 0)))
        vectors[rows] = self.embedding.encode(texts_of(items, self.columns))
        self.digests = np.pad(self.digests, (0, more))
        self.digests[rows] = digests
        self.vectors, self.users, self.items = vectors, np.pad(self.users, (0, more)), extended

    def save(self, directory: Path) -> None:
        arrays = {"vectors": self.vectors, "users": self.users, "digests": self.digests}
        arrays |= {"weights": self.embedding.weights, "axes": self.embedding.axes}
        small = {"terms": self.embedding.terms, "columns": dict(self.columns)}
        serialization.write(directory, self.recipe, self.items, arrays, **small)

    @classmethod
    def load(cls, directory: Path) -> SemanticSimilarityModel:
        items, arrays, small = serialization.read(directory)
        embedding = Embedding(small["terms"], arrays["weights"], arrays["axes"])
        digests = arrays.get("digests", np.zeros(len(items), np.uint32))  # of a model from before: all differ
        return cls(items, arrays["vectors"], arrays["users"], embedding, small["columns"], digests)


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
        digests = np.zeros(len(items), np.uint32)
        digests[items.index(data.items["ITEM_ID"])] = digests_of(data.items, columns)
        users = np.zeros(len(items), np.float32)
        if data.interactions.num_rows and (items.index(data.interactions["ITEM_ID"]) >= 0).any():
            users = EventLog.of(data, items).users_of_items().astype(np.float32)
        return SemanticSimilarityModel(items, vectors, users, embedding, columns, digests)


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


def digests_of(table: pa.Table, columns: Mapping[str, str]) -> np.ndarray:
    """A checksum of what is read of each row, uint32 [rows]: whether a text is another one, without encoding it."""
    read = [table[column].to_pylist() for column in columns if column in table.column_names]
    if not read:
        return np.zeros(table.num_rows, np.uint32)
    texts = (
        "\x1f".join("" if value is None else str(value) for value in row) for row in zip(*read, strict=True)
    )
    return np.fromiter((zlib.crc32(text.encode()) for text in texts), np.uint32, table.num_rows)


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
