"""What a solution's configuration says of hyperparameters: their values, and the ranges of a search.

Apart from what trains, since the service checks it when a solution is created, and need not wait for SciPy to start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from localpersonalize.recipes.base.hyperparameters import Hyperparameters, HyperparameterSpec
from localpersonalize.recipes.base.recipe import Recipe

MAX_TRAINING_JOBS = 40
MAX_PARALLEL_JOBS = 10
DEFAULT_TRAINING_JOBS = 8
NEAR_DEVIATION = 0.15  # standard deviation of those draws, as a share of the range
KEEP_CATEGORY = 0.7  # probability that a draw near a categorical value is that value


def parse_hyperparameters(recipe: Recipe, solution_config: Mapping[str, Any]) -> Hyperparameters:
    """The hyperparameters of a solution's configuration; its HPO ranges are checked with them.

    :raises ValueError: names the hyperparameter that is unknown or out of range.
    """
    values = {
        **(solution_config.get("algorithmHyperParameters") or {}),
        **(solution_config.get("featureTransformationParameters") or {}),
    }
    if solution_config.get("hpoConfig"):
        ranges_of(recipe, solution_config["hpoConfig"])
        jobs_of(solution_config["hpoConfig"])
    return recipe.hyperparameters.parse(values, recipe.name)


@dataclass(frozen=True)
class Range:
    """Values that a hyperparameter may take: `low` to `high`, or one of `values`."""

    name: str
    low: float = 0.0
    high: float = 0.0
    integer: bool = False
    values: tuple[str, ...] = ()

    def nearest(self, value: str) -> str:
        """The value itself where it is in the range, else the end that it is beyond, or the first of `values`."""
        if self.values:
            return value if value in self.values else self.values[0]
        inside = min(max(float(value), self.low), self.high)
        if inside == float(value):
            return value
        return str(round(inside)) if self.integer else str(inside)

    def draw(self, rng: np.random.Generator, near: str | None = None) -> str:
        """A value, anywhere or near another one."""
        if self.values:
            return near if near is not None and rng.random() < KEEP_CATEGORY else str(rng.choice(self.values))
        width = self.high - self.low
        value = rng.uniform(self.low, self.high)
        if near is not None:
            value = float(np.clip(float(near) + rng.normal(0.0, NEAR_DEVIATION * width), self.low, self.high))
        return str(round(value)) if self.integer else str(round(value, 6))


def ranges_of(recipe: Recipe, hpo_config: Mapping[str, Any]) -> list[Range]:
    """The ranges of `hpoConfig`, or those documented for every tunable hyperparameter if it names none.

    :raises ValueError: names a hyperparameter that can't be tuned, or a range beyond the documented one.
    """
    tunable = {spec.name: spec for spec in recipe.hyperparameters.specs() if spec.tunable}
    if not tunable:
        raise ValueError(f"{recipe.name} has no hyperparameter that can be tuned. Set performHPO to false.")
    requested = hpo_config.get("algorithmHyperParameterRanges") or {}
    ranges = []
    for kind in ("integer", "continuous", "categorical"):
        for body in requested.get(f"{kind}HyperParameterRanges") or ():
            name = body["name"].rsplit(".", 1)[-1]
            if name not in tunable:
                raise ValueError(
                    f"{name} of {recipe.name} can't be tuned. Tunable: {', '.join(sorted(tunable))}."
                )
            ranges.append(_requested_range(recipe, tunable[name], body))
    return ranges or [_documented_range(spec) for spec in tunable.values()]


def _documented_range(spec: HyperparameterSpec) -> Range:
    low, high = float(spec.low or 0), float(spec.high or 0)
    return Range(spec.name, low, high, spec.kind == "integer", spec.values)


def _requested_range(recipe: Recipe, spec: HyperparameterSpec, body: Mapping[str, Any]) -> Range:
    documented = _documented_range(spec)
    if spec.values:
        values = tuple(str(value).lower() for value in body["values"])
        wrong = set(values) - {value.lower() for value in spec.values}
        if wrong:
            raise ValueError(f"{spec.name} of {recipe.name} is {spec.range}, not {', '.join(sorted(wrong))}.")
        return Range(spec.name, values=values)
    low, high = float(body["minValue"]), float(body["maxValue"])
    if not documented.low <= low <= high <= documented.high:
        raise ValueError(f"{spec.name} of {recipe.name} is {spec.range}; [{low}, {high}] is no part of it.")
    return Range(spec.name, low, high, spec.kind == "integer")


def jobs_of(hpo_config: Mapping[str, Any]) -> int:
    """`maxNumberOfTrainingJobs`; they run one after another, however many `maxParallelTrainingJobs` allows.

    :raises ValueError: if the first is not from 1 to 40, or the second from 1 to 10.
    """
    resources = hpo_config.get("hpoResourceConfig") or {}
    _number(resources, "maxParallelTrainingJobs", 1, MAX_PARALLEL_JOBS)
    return _number(resources, "maxNumberOfTrainingJobs", DEFAULT_TRAINING_JOBS, MAX_TRAINING_JOBS)


def _number(resources: Mapping[str, Any], name: str, default: int, most: int) -> int:
    """
    :raises ValueError: if a number of jobs is none, or is not from 1 to `most`.
    """
    text = str(resources.get(name) or default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise ValueError(f"{name} must be from 1 to {most}, not {text}.")
    return int(text)
