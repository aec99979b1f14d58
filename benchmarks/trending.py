"""aws-trending-now on a news site beside counts: of the next day's reads that its five best pages get, the share that
five recommended pages get, recommended at every midnight of 74 generated days.

The peer is a count in which an event fades with a half-life of six hours. `intervals` is a plain comparison of the
newest interval with those before.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

import numpy as np

from benchmarks import news
from benchmarks.news import DAY, HOUR, Stream
from localpersonalize.recipes.popularity.trending_now import INTERVAL_SECONDS, growth_of_items, trend_of_items

Scorer = Callable[[Stream], np.ndarray]
RECOMMENDED = 5
FIRST_DAY = 8


def day_ahead(stream: Stream, scorer: Scorer, hour: int = 0) -> float:
    """Mean share of the best possible reads of the next 24 hours, recommended daily at `hour`."""
    shares = []
    for day in range(FIRST_DAY, stream.days - 1):
        now = day * DAY + hour * HOUR
        scores = scorer(stream.section(0, now))
        next_day = stream.section(now, now + DAY)
        reads = np.bincount(next_day.item, minlength=stream.items)
        best = np.argsort(-scores, kind="stable")[:RECOMMENDED]
        shares.append(reads[best].sum() / np.sort(reads)[-RECOMMENDED:].sum())
    return float(np.mean(shares))


def decayed(half_life: float) -> Scorer:
    """A count in which an event counts half after `half_life` hours."""

    def score(known: Stream) -> np.ndarray:
        age = (known.time[-1] - known.time) / HOUR
        counts: np.ndarray = np.bincount(known.item, 0.5 ** (age / half_life), minlength=known.items)
        return counts

    return score


def of_interval(function: Callable[..., np.ndarray], seconds: int) -> Scorer:
    """`growth_of_items` or `trend_of_items` with an interval."""
    return lambda known: function(known.item, known.time, known.items, seconds)


def scorers() -> dict[str, Scorer]:
    """What is compared, by name."""
    compared = {f"count, half-life of {hours} h": decayed(hours) for hours in (1, 3, 6, 12, 24)}
    for name, seconds in INTERVAL_SECONDS.items():
        compared[f"intervals, {name}"] = of_interval(growth_of_items, seconds)
        compared[f"aws-trending-now, {name}"] = of_interval(trend_of_items, seconds)
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not used: the data is generated")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    sites = {
        "busy": [news.stream(seed=seed) for seed in range(arguments.seeds)],
        "small": [news.stream(articles_a_day=20, reads=20, seed=seed) for seed in range(arguments.seeds)],
        "small, without lasting pages": [
            news.stream(articles_a_day=20, reads=20, lasting=0, seed=seed) for seed in range(arguments.seeds)
        ],
    }
    print("reads:", {name: len(streams[0].item) for name, streams in sites.items()})
    print(
        "| model |", *(f"{name} site | at noon |" for name in sites), "\n| --- |" + " --- |" * 2 * len(sites)
    )
    rows = {}
    for name, scorer in scorers().items():
        rows[name] = [
            float(np.mean([day_ahead(stream, scorer, hour) for stream in streams]))
            for streams in sites.values()
            for hour in (0, 12)
        ]
        print(f"| {name} | {' | '.join(f'{share:.3f}' for share in rows[name])} |", flush=True)
    peer = "count, half-life of 6 h"
    worst = min((row for name, row in rows.items() if name.startswith("aws-")), key=lambda row: row[0])
    result = {
        "benchmark": "trending",
        "ours": round(rows["aws-trending-now, 3 hours"][0], 3),
        "peer": round(rows[peer][0], 3),
        "peer_name": peer,
        "ratio": round(rows["aws-trending-now, 3 hours"][0] / rows[peer][0], 3),
        "least_of_all_intervals": round(worst[0], 3),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
