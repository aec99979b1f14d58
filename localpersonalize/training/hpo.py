"""Hyperparameter optimisation: a seeded search over ranges, measured on users the final test never sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from localpersonalize.evaluation import evaluate, splitting
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.training.settings import Range, jobs_of, ranges_of

OBJECTIVE_METRIC = "gain_over_truth_at_10"
RANDOM_TRIALS = 0.6  # share of the trials that draw from the whole ranges; the rest draw near the best so far


def search(
    ranges: list[Range],
    start: Mapping[str, str],
    objective: Callable[[Mapping[str, str]], float],
    jobs: int,
    seed: int,
    report: Callable[[int, Mapping[str, str], float], None],
) -> dict[str, str]:
    """The best of `jobs` settings: `start` first, then some from anywhere, then some near the best.

    :param start: values of all hyperparameters, as strings; those without a range stay, the others are moved into it.
    :param objective: trains with such values and measures; higher is better.
    :param report: called after each trial with its number from 0, its values and what was measured.
    """
    rng = np.random.default_rng(seed)
    start = {**start, **{r.name: r.nearest(start[r.name]) for r in ranges}}
    best, best_value = dict(start), -np.inf
    tried: set[tuple[tuple[str, str], ...]] = set()
    for job in range(jobs):
        anywhere = job < 1 + RANDOM_TRIALS * (jobs - 1)
        values = dict(start)
        for _ in range(20 if job else 0):  # not the same again, unless there is nothing else
            values |= {r.name: r.draw(rng, None if anywhere else best[r.name]) for r in ranges}
            if tuple(sorted(values.items())) not in tried:
                break
        tried.add(tuple(sorted(values.items())))
        measured = objective(values)
        report(job, values, measured)
        if measured > best_value:
            best, best_value = values, measured
    return best


def tune(
    recipe: Recipe,
    split: splitting.Split,
    hyperparameters: Hyperparameters,
    hpo_config: Mapping[str, Any],
    options: TrainingOptions,
) -> dict[str, str]:
    """The best hyperparameters that a search finds, as strings, measured on a part of the training users.

    :param split: the users of its test are not looked at.
    :param hyperparameters: where the search starts; those without a range stay.
    :param hpo_config: `hpoConfig`.
    :raises TrainingStoppedError: if it was asked to stop.
    """
    ranges, jobs = ranges_of(recipe, hpo_config), jobs_of(hpo_config)
    inner = splitting.split(split.train, options.seed + 1)
    done = 0

    def objective(values: Mapping[str, str]) -> float:
        parsed = recipe.hyperparameters.parse(values, recipe.name)
        part = options.part(done / jobs, (done + 1) / jobs)
        return evaluate.gain_over_truth(recipe.train(inner.train, parsed, part), inner)

    def report(job: int, values: Mapping[str, str], measured: float) -> None:
        nonlocal done
        done = job + 1
        tried = ", ".join(f"{r.name} {values[r.name]}" for r in ranges)
        options.step(
            done / jobs, f"training job {done} of {jobs}: {tried}: {OBJECTIVE_METRIC} {measured:.4f}"
        )

    return search(ranges, hyperparameters.as_strings(), objective, jobs, options.seed, report)
