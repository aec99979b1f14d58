"""One solution version from data to a model on disk, with its metrics."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from localpersonalize.disk import folders
from localpersonalize.evaluation import evaluate, splitting
from localpersonalize.recipes import registry
from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.base.model import Model
from localpersonalize.recipes.base.objective import Objective
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.popularity.popularity_count import PopularityCount
from localpersonalize.training import data_selection, hpo
from localpersonalize.training.settings import parse_hyperparameters

TRAINING_MODES = ("FULL", "UPDATE", "AUTOTRAIN")
SEARCH_PROGRESS = 0.6  # the share of a training's progress that a search takes


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
    """Train without a part of the data, to measure; then with all of it, to serve.

    An UPDATE goes on from the previous model with all data, and is measured by training anew.

    :param solution_config: in the shape of `SolutionConfig`.
    :param out_dir: appears whole, once the model is complete.
    :param previous_model_dir: the model that `training_mode` UPDATE starts from.
    :raises TrainingError: if the data or the configuration does not allow it; text for `failureReason`.
    :raises ValueError: if a setting is out of its range.
    :raises TrainingStoppedError: if it was stopped.
    """
    options = options or TrainingOptions()
    started = time.perf_counter()
    recipe = registry.recipe(recipe_arn)
    hyperparameters = parse_hyperparameters(recipe, solution_config)
    options = replace(options, objective=_objective(recipe, solution_config))
    data = data_selection.select(data, event_type, solution_config)
    check_datasets(recipe, data)
    if "interactions" in recipe.required_datasets:
        data_selection.check_minimum(data)
    recipe.check(data, hyperparameters, options)
    previous = _previous(recipe, training_mode, previous_model_dir)
    split = splitting.split_for(recipe, data, options.seed)
    best, begun = None, 0.0
    if perform_hpo:
        search = options.part(0.0, SEARCH_PROGRESS)
        best = hpo.tune(recipe, split, hyperparameters, solution_config.get("hpoConfig") or {}, search)
        hyperparameters, begun = recipe.hyperparameters.parse(best, recipe.name), SEARCH_PROGRESS
    middle = (begun + 1.0) / 2
    measured = recipe.train(split.train, hyperparameters, options.part(begun, middle))
    metrics, baseline = {}, {}
    if split.held_out and split.train.interactions.num_rows:
        metrics = evaluate.metrics_of(recipe, measured, split, data, hyperparameters, options)
        baseline = _popularity_metrics(split)
    options.step(middle, f"metrics {_as_text(metrics)}; popularity {_as_text(baseline)}")
    last = options.part(middle, 0.99)
    if previous is None:
        model = recipe.finish(measured, data, hyperparameters, last)
    else:
        model = recipe.update(previous, data, hyperparameters, last)
    save(model, out_dir)
    options.step(1.0, f"saved a model of {len(model.items)} items")
    return TrainingResult(
        metrics=metrics,
        baseline=baseline,
        training_hours=(time.perf_counter() - started) / 3600,
        hyperparameters=hyperparameters.as_strings(),
        best_hyperparameters=best,
    )


def check_datasets(recipe: Recipe, data: TrainingData) -> None:
    """Refuse a dataset group that lacks a dataset of the recipe.

    :raises TrainingError: if the recipe needs a dataset that is not there.
    """
    for name in recipe.required_datasets:
        if getattr(data, name) is None:
            raise TrainingError(f"{recipe.name} needs the {name.capitalize()} dataset: import it first.")


def save(model: Model, out_dir: Path) -> None:
    """Write aside, then rename: whoever finds the directory finds a whole model."""
    with folders.replaced(out_dir) as folder:
        model.save(folder)


def _objective(recipe: Recipe, solution_config: Mapping[str, Any]) -> Objective | None:
    objective = Objective.of(solution_config.get("optimizationObjective"))
    if objective is not None and not recipe.takes_objective:
        raise ValueError(f"{recipe.name} takes no optimizationObjective.")
    return objective


def _previous(recipe: Recipe, training_mode: str, directory: Path | None) -> Model | None:
    if training_mode not in TRAINING_MODES:
        raise ValueError(f"trainingMode {training_mode} is none of {', '.join(TRAINING_MODES)}.")
    if training_mode != "UPDATE":
        return None
    if not recipe.can_update:
        raise TrainingError(f"{recipe.name} can't be trained with trainingMode UPDATE. Use FULL.")
    if directory is None:
        raise TrainingError(
            "There is no earlier solution version to update. Train one with trainingMode FULL."
        )
    return registry.load_model(directory)


def _popularity_metrics(split: splitting.Split) -> dict[str, float]:
    """The metrics of a popularity model on the same split: what a model should be better than."""
    recipe = PopularityCount()
    model = recipe.train(split.train, recipe.hyperparameters(), TrainingOptions())
    return evaluate.evaluate(model, split)


def _as_text(metrics: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
