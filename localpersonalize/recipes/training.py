"""One solution version from data to a model on disk, with its metrics."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from localpersonalize import evaluation
from localpersonalize.recipes import registry, selection
from localpersonalize.recipes.base import Model, Recipe, TrainingData, TrainingError, TrainingOptions
from localpersonalize.recipes.popularity import PopularityCount


@dataclass(frozen=True)
class TrainingResult:
    """`metrics`: as `GetSolutionMetrics` returns them; `baseline`: the same of a popularity model on the same
    split; `hyperparameters`: what the model was trained with, as strings; `best_hyperparameters`: what a
    search found (`tunedHPOParams`), None without one."""

    metrics: dict[str, float]
    baseline: dict[str, float]
    training_hours: float
    hyperparameters: dict[str, str]
    best_hyperparameters: dict[str, str] | None = None
    warnings: list[str] = field(default_factory=list)


def train_solution_version(
    data: TrainingData,
    solution_config: Mapping[str, Any],
    recipe_arn: str,
    out_dir: Path,
    *,
    event_type: str | None = None,
    perform_hpo: bool = False,
    training_mode: str = "FULL",
    previous_model_dir: Path | None = None,
    options: TrainingOptions | None = None,
) -> TrainingResult:
    """Train twice: without a tenth of the users, to measure; then with all of them, to serve.

    :param solution_config: in the shape of `SolutionConfig`.
    :param out_dir: appears whole, once the model is complete.
    :param previous_model_dir: the model that `training_mode` UPDATE starts from.
    :raises TrainingError: if the data or the configuration does not allow it; text for `failureReason`.
    :raises TrainingStopped: if it was stopped.
    """
    options = options or TrainingOptions()
    started = time.perf_counter()
    recipe = registry.recipe(recipe_arn)
    data = selection.select(data, event_type, solution_config)
    check_datasets(recipe, data)
    selection.check_minimum(data)
    hyperparameters = parse_hyperparameters(recipe, solution_config)
    split = evaluation.split(data, options.seed)
    baseline = evaluation.evaluate(
        PopularityCount().train(split.train, PopularityCount.hyperparameters(), options), split
    )
    measured = recipe.train(split.train, hyperparameters, _part(options, 0.0, 0.45))
    metrics = evaluation.evaluate(measured, split)
    options.step(0.5, f"metrics {_shown(metrics)}; popularity {_shown(baseline)}")
    model = recipe.train(data, hyperparameters, _part(options, 0.5, 0.98))
    save(model, out_dir)
    return TrainingResult(
        metrics=metrics,
        baseline=baseline,
        training_hours=(time.perf_counter() - started) / 3600,
        hyperparameters={name: str(value) for name, value in hyperparameters.model_dump().items()},
    )


def parse_hyperparameters(recipe: Recipe, solution_config: Mapping[str, Any]) -> Any:
    """The hyperparameters of a solution's configuration.

    :raises ValueError: names the hyperparameter that is unknown or out of range.
    """
    given = {
        **(solution_config.get("algorithmHyperParameters") or {}),
        **(solution_config.get("featureTransformationParameters") or {}),
    }
    return recipe.hyperparameters.parse(given, recipe.name)


def check_datasets(recipe: Recipe, data: TrainingData) -> None:
    """
    :raises TrainingError: if the recipe needs a dataset that is not there.
    """
    for name in recipe.required_datasets:
        if getattr(data, name) is None:
            raise TrainingError(f"{recipe.name} needs the {name.capitalize()} dataset: import it first.")


def save(model: Model, out_dir: Path) -> None:
    """Write aside, then rename: whoever finds the directory finds a whole model."""
    aside = out_dir.with_name(out_dir.name + ".partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    model.save(aside)
    shutil.rmtree(out_dir, ignore_errors=True)
    aside.rename(out_dir)


def _part(options: TrainingOptions, start: float, end: float) -> TrainingOptions:
    """Options whose progress fills the part from `start` to `end`."""
    return replace(
        options,
        progress=lambda fraction, message: options.progress(start + (end - start) * fraction, message),
    )


def _shown(metrics: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
