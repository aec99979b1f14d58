"""Curves of `explorationWeight`, `explorationItemAgeCutOff` and `rankingInfluence`, drawn into a picture.

A catalogue of 2,000 items of ten subjects, some popular, some new; related items of 200 of them. What is drawn is what
lists of 25 are made of as one setting goes from nothing to all.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.runtime import selection
from localpersonalize.runtime.deployment import Deployment, Exploration, GroupData, RankingInfluence
from localpersonalize.runtime.exploration import Explorer, exploration_candidates
from localpersonalize.runtime.histories import Histories
from localpersonalize.runtime.metadata import Metadata
from localpersonalize.runtime.ranking_influence import influenced, popularity_of

DAY = 86_400
NOW = 1_700_000_000
RESULTS = 25
WEIGHTS = np.linspace(0, 1, 11)
CUT_OFFS = (1, 5, 10, 20, 30, 60, 120, 240, 365)


class Subjects(Model):
    """Scores are how near the items' vectors are."""

    recipe = "aws-semantic-similarity"
    needs = "item"

    def __init__(self, items: Vocabulary, vectors: np.ndarray) -> None:
        self.items, self.vectors = items, vectors

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        indices = [self.items.index_of(request.item_id) for request in requests]
        scores: np.ndarray = (self.vectors[indices] @ self.vectors.T).astype(np.float32)
        scores[np.arange(len(indices)), indices] = -np.inf
        return scores

    def save(self, directory: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, directory: Path) -> Subjects:
        raise NotImplementedError


class Catalogue:
    """Items with subjects, ages (days) and events, and lists of related ones."""

    def __init__(self, items: int = 2000, queries: int = 200, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        ids = [f"i{n}" for n in range(items)]
        vectors = np.eye(10)[rng.integers(0, 10, items)] + rng.normal(0, 0.25, (items, 10))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        self.age = rng.exponential(60, items)
        self.age[0] = 0.0
        events = np.minimum(rng.zipf(1.5, items), 3000)
        item = np.repeat(np.arange(items), events)
        table = pa.table(
            {
                "USER_ID": [f"u{n}" for n in rng.integers(0, 5000, len(item))],
                "ITEM_ID": np.array(ids)[item],
                "TIMESTAMP": (NOW - self.age[item] * DAY * rng.random(len(item))).astype(np.int64),
            }
        )
        created = pa.array((NOW - self.age * DAY).astype(np.int64))
        rows = Metadata(pa.table({"ITEM_ID": ids, "CREATION_TIMESTAMP": created}), "ITEM_ID")
        self.data = GroupData(Histories(table), Metadata(None, "USER_ID"), rows)
        self.model = Subjects(Vocabulary(ids), vectors)
        self.scores = self.model.score([Request(item_id=name) for name in ids[:queries]])

    def deployment(self, **settings: Exploration | RankingInfluence) -> Deployment:
        return Deployment("c", "v", "g", "aws-test", "RELATED_ITEMS", self.model, **settings)  # type: ignore[arg-type]

    def recommended(self, influence: RankingInfluence) -> np.ndarray:
        """Items (int64 [queries, 25]) of each list."""
        deployment = self.deployment(influence=influence)
        view = deployment.view(self.data, self.model.items)
        rows = (influenced(row, deployment, self.data, view) for row in self.scores)
        return np.array([[choice.item for choice in selection.select(row, RESULTS)] for row in rows])

    def explored(self, explores: Exploration) -> tuple[np.ndarray, np.ndarray]:
        """Items of each list, and which of them are there to be explored, both [queries, 25]."""
        deployment = self.deployment(explores=explores)
        view = deployment.view(self.data, self.model.items)
        candidates = Explorer().candidates(deployment, self.data, view)
        rng = np.random.default_rng(0)
        lists = [
            selection.select(
                row, RESULTS, explore=candidates, explore_share=explores.weight, rng=rng, shows_score=False
            )
            for row in self.scores
        ]
        items = np.array([[choice.item for choice in choices] for choices in lists])
        return items, np.array([[choice.reason is not None for choice in choices] for choices in lists])

    def explored_share(self, explores: Exploration) -> float:
        """Of all results the share that is explored."""
        return float(self.explored(explores)[1].mean())

    def oldest_explored(self, explores: Exploration) -> float:
        """Age in days of the oldest item that may be explored."""
        deployment = self.deployment(explores=explores)
        view = deployment.view(self.data, self.model.items)
        return float(self.age[exploration_candidates(deployment, self.data, view, NOW)].max())


def mean_popularity(catalogue: Catalogue, items: np.ndarray) -> float:
    """Of the items in lists, 0 to 1."""
    deployment = catalogue.deployment()
    view = deployment.view(catalogue.data, catalogue.model.items)
    return float(popularity_of(deployment, catalogue.data, view)[items].mean())


def age_rank(catalogue: Catalogue, items: np.ndarray) -> float:
    """Of the items in lists: the share of the catalogue that is newer, 0 to 1."""
    rank = np.argsort(np.argsort(catalogue.age)) / len(catalogue.age)
    return float(rank[items].mean())


def similarity(catalogue: Catalogue, items: np.ndarray) -> float:
    """Mean score of the items in lists."""
    return float(np.take_along_axis(catalogue.scores, items, axis=1).mean())


def draw(curves: dict[str, tuple[str, Sequence[float], dict[str, list[float]]]], file: Path) -> None:
    """One chart a setting: (name of its axis, its values, what is measured)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(curves), figsize=(4.2 * len(curves), 3.6), layout="constrained")
    for axis, (title, (label, values, lines)) in zip(axes, curves.items(), strict=True):
        for name, measured in lines.items():
            axis.plot(values, measured, marker="o", markersize=3, label=name)
        axis.set(title=title, xlabel=label, ylim=(0, 1.02))
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not used: the catalogue is generated")
    parser.add_argument("--picture", type=Path, default=Path(".encore/influence.png"))
    arguments = parser.parse_args()
    catalogue = Catalogue()
    curves: dict[str, tuple[str, Sequence[float], dict[str, list[float]]]] = {}
    for name in ("popularity", "freshness"):
        lists = [catalogue.recommended(RankingInfluence(**{name: float(weight)})) for weight in WEIGHTS]
        curves[f"rankingInfluence: {name.upper()}"] = (
            "weight",
            WEIGHTS.tolist(),
            {
                "popularity": [mean_popularity(catalogue, items) for items in lists],
                "freshness": [1 - age_rank(catalogue, items) for items in lists],
                "similarity": [similarity(catalogue, items) for items in lists],
            },
        )
    explored = [catalogue.explored(Exploration(float(weight))) for weight in WEIGHTS]
    curves["explorationWeight"] = (
        "weight",
        WEIGHTS.tolist(),
        {
            "explored share": [float(marks.mean()) for _, marks in explored],
            "popularity": [mean_popularity(catalogue, items) for items, _ in explored],
            "similarity": [similarity(catalogue, items) for items, _ in explored],
        },
    )
    ages = [catalogue.oldest_explored(Exploration(1.0, days)) for days in CUT_OFFS]
    lists = [catalogue.explored(Exploration(0.5, days))[0] for days in CUT_OFFS]
    curves["explorationItemAgeCutOff"] = (
        "days (weight 0.5)",
        CUT_OFFS,
        {
            "oldest explored / 365 days": [age / 365 for age in ages],
            "freshness": [1 - age_rank(catalogue, items) for items in lists],
            "similarity": [similarity(catalogue, items) for items in lists],
        },
    )
    draw(curves, arguments.picture)
    for title, (_, values, lines) in curves.items():
        print(title, [round(float(value), 2) for value in values])
        for name, measured in lines.items():
            print(f"  {name:28}", " ".join(f"{value:.2f}" for value in measured))
    popularity = curves["rankingInfluence: POPULARITY"][2]["popularity"]
    result = {
        "benchmark": "influence",
        "ours": round(popularity[-1], 3),
        "peer": round(popularity[0], 3),
        "peer_name": "mean popularity of the list without influence",
        "ratio": round(popularity[-1] / popularity[0], 2),
        "picture": str(arguments.picture),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
