"""How often an A/B test in the simulated shop ends with the right winner, and with a winner where there is none.

`python -m benchmarks.experiment` generates the demo's shop in a small size, trains `aws-popularity-count` and `aws-
user-personalization-v2` on its events with their defaults, and lets its customers visit day by day, one seed an
experiment: each is shown the list of the arm that the hash of the id says, and reacts by hidden tastes
(`demo.visitors`). Division, analyses and judgement are the application's own, with the settings that the pipeline
file has by default. In the A/A both arms show the popular items.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from datetime import date

import numpy as np
import pyarrow as pa
import typer

from demo import shop
from demo.visitors import LENGTH, react
from encore.config.experiment import Experiment
from encore.experiments import judge
from encore.experiments.split import CHALLENGER, arm
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.registry import recipe

SIZE = shop.ShopSize(customers=2_000, products=600, events=50_000, days=30)
VISITS_A_DAY = 100
SHOP_SEED = 7
Lists = dict[str, list[str]]


def lists_of(name: str, data: TrainingData, users: list[str]) -> Lists:
    """What a recipe recommends to each user, trained with its defaults."""
    algorithm = recipe(name)
    start = time.perf_counter()
    model = algorithm.train(data, algorithm.hyperparameters(), TrainingOptions(seed=1))
    log = EventLog.of(data)
    order = np.argsort(log.time, kind="stable")
    histories: dict[str, list[int]] = defaultdict(list)
    for row in order:
        histories[log.users.ids[log.user[row]]].append(row)
    answers: Lists = {}
    for user in users:
        rows = histories[user]
        items = model.items.index([log.items.ids[log.item[row]] for row in rows])
        request = Request(
            user_id=user, history_items=items, history_times=log.time[rows], now=int(log.time.max())
        )
        answers[user] = [model.items.ids[item] for item in top_k(model.score([request])[0], LENGTH)]
    typer.echo(f"{name}: trained and asked in {time.perf_counter() - start:.0f} s")
    return answers


def events(seed: int) -> TrainingData:
    table = shop.generate(SIZE, seed).events.dropna(subset=["customer_id", "product_id"])
    return TrainingData(
        pa.table(
            {
                "USER_ID": table["customer_id"].astype(str).to_numpy(),
                "ITEM_ID": table["product_id"].astype(str).to_numpy(),
                "TIMESTAMP": table["happened_at"].astype("int64").to_numpy() // 10**9,
            }
        )
    )


def run(
    seed: int, tastes: shop.Tastes, arms: tuple[Lists, Lists], **settings: object
) -> tuple[str | None, int]:
    """The winner of one experiment and the day on which it ended.

    :param arms: what champion and challenger show each user
    """
    experiment = Experiment.model_validate(
        {
            "name": f"seed-{seed}",
            "champion": "popular",
            "challenger": "personal",
            "begin": date(2026, 3, 1),
            "event_type": "purchase",
            **settings,
        }
    )
    draw = np.random.default_rng([seed, 18])
    answers = {
        user: arms[arm(experiment.name, user, experiment.share) == CHALLENGER][user] for user in arms[0]
    }
    users = list(answers)
    bought = dict.fromkeys(users, 0.0)
    analyses: list[judge.Analysis] = []
    outcome, day = judge.outcome(experiment, analyses), 0
    while outcome.state == "runs":
        day += 1
        for number in draw.choice(len(users), VISITS_A_DAY, replace=False):
            user = users[number]
            reaction = react(tastes, user, answers[user], draw)
            bought[user] += len(reaction.bought)
        due = experiment.analysis_days[len(analyses)]
        if day == (due - experiment.begin).days + 1:
            counted = bought
            if experiment.measure == "users":
                counted = {user: float(total > 0) for user, total in bought.items()}
            analyses.append(judge.analysis(experiment, str(due), counted))
            outcome = judge.outcome(experiment, analyses)
    return outcome.winner, day


def report(label: str, results: list[tuple[str | None, int]]) -> Counter[str]:
    winners = Counter(winner or "none" for winner, _ in results)
    days = Counter(day for _, day in results)
    ends = ", ".join(f"{count} after {day} days" for day, count in sorted(days.items()))
    counts = ", ".join(f"{name} {winners[name]}" for name in ("champion", "challenger", "none"))
    typer.echo(f"{label}: winner {counts}; ended {ends}")
    return winners


def main(seeds: int = 100) -> None:
    """Print the figures of docs/experiments.md."""
    data, tastes = events(SHOP_SEED), shop.hidden_tastes(SIZE, SHOP_SEED)
    users = [str(customer) for customer in range(1, SIZE.customers + 1)]
    popular = lists_of("aws-popularity-count", data, users)
    personal = lists_of("aws-user-personalization-v2", data, users)
    typer.echo(f"{seeds} experiments each, {SIZE.customers:,} customers, {VISITS_A_DAY} visits a day\n")
    equal = report(
        "A/A, popular against popular", [run(seed, tastes, (popular, popular)) for seed in range(seeds)]
    )
    better = report(
        "A/B, popular against personal", [run(seed, tastes, (popular, personal)) for seed in range(seeds)]
    )
    worse = report(
        "A/B, personal against popular", [run(seed, tastes, (personal, popular)) for seed in range(seeds)]
    )
    print(
        json.dumps(
            {
                "benchmark": "experiment",
                "ours": better["challenger"] + worse["champion"],
                "peer": 2 * seeds,
                "peer_name": "experiments with a better recipe",
                "ratio": round((better["challenger"] + worse["champion"]) / (2 * seeds), 3),
                "equal_without_winner": equal["none"],
            }
        )
    )


if __name__ == "__main__":
    typer.run(main)
