"""How good the recipes are beside their peers, on the same splits of MovieLens 100K in one run.

For each of 5 seeds a tenth of the users is held out; from the oldest 90% of each one's events the newest 10%
are predicted. Printed are means over the seeds, with the user's seen items kept (as the service does) and left
out, and seconds of training with default hyperparameters.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks import _neural_peers, _peers
from localpersonalize.evaluation import evaluate, splitting
from localpersonalize.evaluation.metrics import gain_over_truth, ranking_metrics
from localpersonalize.evaluation.splitting import Split
from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.base.features import Features
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.registry import recipe

NDCG = "gain_over_truth_at_10"  # of the literature; the service's own has another ideal
METRICS = (NDCG, "mean_reciprocal_rank_at_25", "precision_at_10", "coverage")
SERVICE = (
    *(f"normalized_discounted_cumulative_gain_at_{k}" for k in (5, 10, 25)),
    "mean_reciprocal_rank_at_25",
    *(f"precision_at_{k}" for k in (5, 10, 25)),
    "coverage",
)
RECIPES = (
    "aws-popularity-count",
    "aws-sims",
    "aws-hrnn",
    "aws-hrnn-metadata",
    "aws-hrnn-coldstart",
    "aws-similar-items",
    "aws-trending-now",
    "aws-user-personalization",
    "aws-user-personalization-v2",
    "aws-personalized-ranking",
    "aws-personalized-ranking-v2",
)
CANDIDATES = 100
Rows = dict[str, list[dict[str, float]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with u.data, u.item, u.user, u.genre"
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--recipes", nargs="*", default=RECIPES)
    parser.add_argument("--neural", nargs="*", default=tuple(_neural_peers.NEURAL_PEERS), help="of the peers")
    parser.add_argument("--over", type=int, default=0, help="only ratings over this")
    arguments = parser.parse_args()
    data = read(arguments.data, arguments.over)
    rows: Rows = defaultdict(list)
    for seed in range(arguments.seeds):
        split = splitting.split(data, seed)
        _measure_peers(split, rows)
        for name in arguments.neural:
            _measure_neural_peer(name, split, seed, rows)
        for name in arguments.recipes:
            _measure_recipe(name, split, seed, rows)
        print(f"seed {seed} done", flush=True)
    report(rows)


def read(folder: Path, over: int = 0) -> TrainingData:
    """Ratings as events, genres and year of films, age, gender and occupation of users."""
    events = pd.read_csv(folder / "u.data", sep="\t", names=["user", "item", "stars", "time"])
    events = events[events["stars"] > over]
    genres = pd.read_csv(folder / "u.genre", sep="|", names=["name", "number"])["name"].tolist()
    columns = ["id", "title", "released", "video", "url", *genres]
    films = pd.read_csv(folder / "u.item", sep="|", names=columns, encoding="latin-1")
    people = pd.read_csv(folder / "u.user", sep="|", names=["id", "age", "gender", "job", "zip"])
    year = pd.to_datetime(films["released"], format="%d-%b-%Y").dt.year
    genre = [
        "|".join(n for n, flag in zip(genres, row, strict=True) if flag) for row in films[genres].to_numpy()
    ]
    return TrainingData(
        interactions=pa.table(
            {
                "USER_ID": events["user"].astype(str).to_numpy(),
                "ITEM_ID": events["item"].astype(str).to_numpy(),
                "TIMESTAMP": events["time"].to_numpy(),
            }
        ),
        items=pa.table(
            {
                "ITEM_ID": films["id"].astype(str).to_numpy(),
                "GENRE": genre,
                "YEAR": pa.array([None if pd.isna(y) else int(y) for y in year], pa.int64()),
            }
        ),
        users=pa.table(
            {
                "USER_ID": people["id"].astype(str).to_numpy(),
                "AGE": people["age"].to_numpy(),
                "GENDER": people["gender"].to_numpy(),
                "JOB": people["job"].to_numpy(),
            }
        ),
    )


def _measure_peers(split: Split, rows: Rows) -> None:
    log = EventLog.of(split.train)
    histories = [log.items.index(held.items) for held in split.held_out]
    truth = [log.items.index(held.truth) for held in split.held_out]
    seen = _peers.seen_matrix(log.user, log.item, len(log.users), len(log.items))
    for name, scorer in _peers.peers(seen, _metadata(split.train, log)).items():
        scores = scorer(histories)
        _add(rows, name, scores, histories, truth, split)  # trained all at once


def _measure_neural_peer(name: str, split: Split, seed: int, rows: Rows) -> None:
    log = EventLog.of(split.train)
    histories = [log.items.index(held.items) for held in split.held_out]
    truth = [log.items.index(held.truth) for held in split.held_out]
    started = time.perf_counter(), time.process_time()
    scorer = _neural_peers.NEURAL_PEERS[name](log, seed)
    seconds = time.perf_counter() - started[0], time.process_time() - started[1]
    _add(rows, name, scorer(histories), histories, truth, split, *seconds)


def _metadata(data: TrainingData, log: EventLog) -> np.ndarray:
    """Features of the items at length 1, float32 [items, features]: what aws-similar-items reads."""
    assert data.items is not None
    features = Features.fit(data.items, data.schemas.get("items"), sorted(data.items.column_names))
    dense = np.zeros((len(log.items), features.width), np.float32)
    dense[log.items.index(data.items["ITEM_ID"])] = features.encode(data.items).toarray()
    unit: np.ndarray = dense / np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9)
    return unit


def _measure_recipe(name: str, split: Split, seed: int, rows: Rows) -> None:
    algorithm = recipe(name)
    started = time.perf_counter(), time.process_time()
    try:
        model = algorithm.train(split.train, algorithm.hyperparameters(), TrainingOptions(seed=seed))
    except TrainingError as error:
        print(f"{name}: {error}")
        return
    seconds = time.perf_counter() - started[0], time.process_time() - started[1]
    requests = [evaluate.request_of(model, held) for held in split.held_out]
    histories = [request.history_items for request in requests]
    truth = [model.items.index(held.truth) for held in split.held_out]
    _add(rows, name, model.score(requests), histories, truth, split, *seconds)


def _add(
    rows: Rows,
    name: str,
    scores: np.ndarray,
    histories: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    split: Split,
    seconds: float = float("nan"),
    processor: float = float("nan"),
) -> None:
    unknown = [int((true < 0).sum()) for true in truth]
    figures: dict[str, float] = {
        "seconds": seconds,
        "processor": processor,
        "ranking": _ranking(scores, truth),
    }
    for seen in ("kept", "left out"):
        ranked = []
        for row, history in zip(scores, histories, strict=True):
            mask = np.ones(len(row), bool)
            if seen == "left out":
                mask[history[history >= 0]] = False
            ranked.append(top_k(row, 25, mask))
        metrics = ranking_metrics(ranked, truth, split.catalogue)
        metrics[NDCG] = gain_over_truth(ranked, truth, 10, unknown)
        figures |= {f"{metric} {seen}": value for metric, value in metrics.items()}
    rows[name].append(figures)
    gain = figures[f"{NDCG} left out"]
    print(f"{name}: NDCG@10 {gain:.4f}, {seconds:.1f} s, {processor:.1f} processor s", flush=True)


def _ranking(scores: np.ndarray, truth: Sequence[np.ndarray]) -> float:
    """NDCG of 100 shuffled candidates, the user's true items among them, ordered by the scores."""
    rng = np.random.default_rng(7)
    gains = []
    for row, true in zip(scores, truth, strict=True):
        relevant = np.unique(true[true >= 0])[: CANDIDATES // 2]
        if len(relevant) == 0:
            continue
        others = np.setdiff1d(np.arange(len(row)), true)
        listed = np.concatenate([relevant, rng.choice(others, CANDIDATES - len(relevant), replace=False)])
        listed = rng.permutation(listed)
        order = listed[np.argsort(-row[listed], kind="stable")]
        discounts = 1.0 / np.log2(np.arange(2, CANDIDATES + 2))
        gains.append(discounts[np.isin(order, relevant)].sum() / discounts[: len(relevant)].sum())
    return float(np.mean(gains))


def report(rows: Rows) -> None:
    def mean(name: str, metric: str) -> float:
        return float(np.mean([row[metric] for row in rows[name]]))

    print(
        "\n| model | NDCG@10 | its standard error | MRR@25 | P@10 | coverage | NDCG@10, seen kept |", end=""
    )
    print(" MRR@25, seen kept | P@10, seen kept | ranking of 100 | seconds | processor seconds |")
    print("| --- |" + " --- |" * 11)
    for name in rows:
        gains = [row[f"{NDCG} left out"] for row in rows[name]]
        cells = [mean(name, f"{metric} left out") for metric in METRICS]
        cells.insert(
            1, float(np.std(gains, ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else float("nan")
        )
        cells += [mean(name, f"{metric} kept") for metric in METRICS[:3]]
        cells.append(mean(name, "ranking"))
        times = f"{mean(name, 'seconds'):.1f} | {mean(name, 'processor'):.1f}"
        print(f"| {name} | {' | '.join(f'{cell:.3f}' for cell in cells)} | {times} |")
    print("\nAll that GetSolutionMetrics shows of the same models, seen items kept as in the service:\n")
    print("| model | NDCG@5 | NDCG@10 | NDCG@25 | MRR@25 | P@5 | P@10 | P@25 | coverage |")
    print("| --- |" + " --- |" * 8)
    for name in rows:
        cells = [mean(name, f"{metric} kept") for metric in SERVICE]
        print(f"| {name} | {' | '.join(f'{cell:.3f}' for cell in cells)} |")
    if "aws-hrnn" not in rows:
        return
    peers = [name for name in rows if not name.startswith("aws-")]
    best = max(peers, key=lambda name: mean(name, f"{NDCG} left out"))
    ours, peer = mean("aws-hrnn", f"{NDCG} left out"), mean(best, f"{NDCG} left out")
    summary = {
        "benchmark": "quality",
        "ours": round(ours, 4),
        "peer": round(peer, 4),
        "peer_name": best,
        "ratio": round(ours / peer, 3),
    }
    pairs = {
        "sims_to_last_item": ("aws-sims", "item-kNN, last item", f"{NDCG} left out"),
        "similar_to_last_item_with_metadata": (
            "aws-similar-items",
            "item-kNN, last item, with metadata",
            f"{NDCG} left out",
        ),
        "metadata_to_hrnn": ("aws-hrnn-metadata", "aws-hrnn", f"{NDCG} left out"),
        "ranking_to_popularity": ("aws-personalized-ranking", "popularity", "ranking"),
    }
    for label, (one, other, metric) in pairs.items():
        if one in rows:
            summary[label] = round(mean(one, metric) / mean(other, metric), 3)
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
