"""Hyperparameter optimisation: a seeded search over ranges, measured on users the final test never sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from localpersonalize.recipes.base.hyperparameters import HyperparameterSpec
from localpersonalize.recipes.base.recipe import Recipe

MOST_JOBS = 40
USUAL_JOBS = 8
RANDOM_SHARE = 0.6  # of the trials that draw from the whole ranges; the rest look around the best so far
AROUND = 0.15  # of a range, how far those look


@dataclass(frozen=True)
class Range:
    """Values that a hyperparameter may take: `low` to `high`, or one of `values`."""

    name: str
    low: float = 0.0
    high: float = 0.0
    integer: bool = False
    values: tuple[str, ...] = ()

    def draw(self, rng: np.random.Generator, near: str | None = None) -> str:
        """A value, anywhere or near another one."""
        if self.values:
            return near if near is not None and rng.random() < 0.7 else str(rng.choice(self.values))
        width = self.high - self.low
        value = rng.uniform(self.low, self.high)
        if near is not None:
            value = float(np.clip(float(near) + rng.normal(0.0, AROUND * width), self.low, self.high))
        return str(round(value)) if self.integer else str(round(value, 6))


def ranges_of(recipe: Recipe, hpo_config: Mapping[str, Any]) -> list[Range]:
    """The ranges of `hpoConfig`, or those documented for every tunable hyperparameter if it names none.

    :raises ValueError: names a hyperparameter that can't be tuned, or a range beyond the documented one.
    """
    tunable = {entry.name: entry for entry in recipe.hyperparameters.specs() if entry.tunable}
    if not tunable:
        raise ValueError(f"{recipe.name} has no hyperparameter that can be tuned. Set performHPO to false.")
    given = hpo_config.get("algorithmHyperParameterRanges") or {}
    found = []
    for kind in ("integer", "continuous", "categorical"):
        for entry in given.get(f"{kind}HyperParameterRanges") or ():
            name = entry["name"].rsplit(".", 1)[-1]
            if name not in tunable:
                raise ValueError(
                    f"{name} of {recipe.name} can't be tuned. Tunable: {', '.join(sorted(tunable))}."
                )
            found.append(_given_range(recipe, tunable[name], entry))
    return found or [_documented_range(entry) for entry in tunable.values()]


def _documented_range(entry: HyperparameterSpec) -> Range:
    low, high = float(entry.low or 0), float(entry.high or 0)
    return Range(entry.name, low, high, entry.kind == "integer", entry.values)


def _given_range(recipe: Recipe, entry: HyperparameterSpec, given: Mapping[str, Any]) -> Range:
    documented = _documented_range(entry)
    if entry.values:
        values = tuple(str(value).lower() for value in given["values"])
        wrong = set(values) - {value.lower() for value in entry.values}
        if wrong:
            raise ValueError(
                f"{entry.name} of {recipe.name} is {entry.range}, not {', '.join(sorted(wrong))}."
            )
        return Range(entry.name, values=values)
    low, high = float(given["minValue"]), float(given["maxValue"])
    if not documented.low <= low <= high <= documented.high:
        raise ValueError(f"{entry.name} of {recipe.name} is {entry.range}; [{low}, {high}] is no part of it.")
    return Range(entry.name, low, high, entry.kind == "integer")


def jobs_of(hpo_config: Mapping[str, Any]) -> int:
    """`maxNumberOfTrainingJobs`.

    :raises ValueError: if it is not from 1 to 40.
    """
    jobs = int((hpo_config.get("hpoResourceConfig") or {}).get("maxNumberOfTrainingJobs") or USUAL_JOBS)
    if not 1 <= jobs <= MOST_JOBS:
        raise ValueError(f"maxNumberOfTrainingJobs must be from 1 to {MOST_JOBS}, not {jobs}.")
    return jobs


def search(
    ranges: list[Range],
    start: Mapping[str, str],
    worth: Callable[[Mapping[str, str]], float],
    jobs: int,
    seed: int,
    report: Callable[[int, Mapping[str, str], float], None],
) -> dict[str, str]:
    """The best of `jobs` settings: `start` first, then some from anywhere, then some near the best.

    :param start: values of all hyperparameters, as strings; those without a range stay.
    :param worth: trains with such values and measures; higher is better.
    """
    rng = np.random.default_rng(seed)
    best, best_worth = dict(start), -np.inf
    tried: set[tuple[tuple[str, str], ...]] = set()
    for job in range(jobs):
        anywhere = job < 1 + RANDOM_SHARE * (jobs - 1)
        values = dict(start)
        for _ in range(20 if job else 0):  # not the same again, unless there is nothing else
            values |= {r.name: r.draw(rng, None if anywhere else best[r.name]) for r in ranges}
            if tuple(sorted(values.items())) not in tried:
                break
        tried.add(tuple(sorted(values.items())))
        found = worth(values)
        report(job, values, found)
        if found > best_worth:
            best, best_worth = values, found
    return best
