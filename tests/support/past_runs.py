"""Thirty generated runs of two solutions: some good, two held, one rolled back."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

NDCG = "normalized_discounted_cumulative_gain_at_25"
HELD, FAILED = {"you": {9, 21}, "related": {14}}, {"you": {25}}


def past_runs(count: int = 30) -> list[dict[str, Any]]:
    chance = random.Random(11)
    rows: list[dict[str, Any]] = []
    live: dict[str, dict[str, float] | None] = {"you": None, "related": None}
    for number in range(count):
        when = datetime(2026, 1, 30, 3, tzinfo=UTC) + timedelta(days=number)
        counts = {
            "interactions": 200_000 + 3_400 * number + chance.randrange(2_000),
            "users": 5_200 + 9 * number,
            "items": 2_100 + 3 * number,
        }
        for solution, level, recipe in (("you", 0.21, "aws-hrnn"), ("related", 0.14, "aws-sims")):
            value = level + 0.02 * math.sin(number / 6) + chance.gauss(0, 0.004)
            outcome, reason = "promoted", "It is as good as the live version, within noise."
            if number in HELD.get(solution, ()):
                value, outcome = value - 0.07, "held"
                reason = f"{NDCG} {value:.4f} is below the live version's {live[solution][NDCG]:.4f}."
            if number in FAILED.get(solution, ()):
                outcome, reason = "failed", "Rolled back: campaign/you recommends nothing for 17, 23."
            metrics = {NDCG: value, "coverage": 0.4}
            rows.append(
                {
                    "recorded_at": when,
                    "dataset_group": "shop",
                    "run_id": f"scheduled__{when.isoformat()}",
                    "solution": solution,
                    "recipe": recipe,
                    "outcome": outcome,
                    "reason": reason,
                    "trained_by": "MANUAL",
                    "solution_version_arn": f"arn:aws:personalize:us-east-1:1:solution/{solution}/{number:08x}",
                    "metrics": metrics,
                    "live_metrics": live[solution],
                    "rows": counts,
                    "cost_usd": 2.4,
                    "popularity_metrics": {NDCG: 0.09 + chance.gauss(0, 0.002)},
                    "training_hours": 0.6,
                    "seconds": {
                        "train": 1500 if solution == "you" else 420,
                        "import interactions": 300 + 4 * number,
                        "export users": 20,
                        "export items": 12,
                    },
                }
            )
            if outcome == "promoted":
                live[solution] = metrics
    return rows
