"""Solutions: a recipe with its settings."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from localpersonalize.jobs.queue import job
from localpersonalize.protocol.errors import InUseError, InvalidInputError, NotFoundError
from localpersonalize.recipes import registry
from localpersonalize.resources import lifecycle
from localpersonalize.resources.auto_training import days
from localpersonalize.resources.registry import operation
from localpersonalize.training.train import parse_hyperparameters

if TYPE_CHECKING:
    from localpersonalize.service import Service


def _load_recipe(params: Mapping[str, Any]) -> None:
    """The first use of a recipe imports what it computes with, which takes a moment."""
    with suppress(KeyError):
        registry.recipe(params.get("recipeArn", ""))


@operation("CreateSolution", ahead=_load_recipe)
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    group = lifecycle.require_active(
        service.require(params["datasetGroupArn"], "DatasetGroup"), "The dataset group"
    )
    if not params.get("recipeArn"):
        raise InvalidInputError("recipeArn is required: AutoML is no longer offered.")
    try:
        recipe = registry.recipe(params["recipeArn"])
    except KeyError as error:
        raise NotFoundError(str(error.args[0])) from None
    config = params.get("solutionConfig", {})
    try:
        parse_hyperparameters(recipe, config)
    except ValueError as error:
        raise InvalidInputError(str(error)) from None
    days(config)
    lifecycle.limit_number(service, "Solution", group["datasetGroupArn"])
    arn = service.arn("solution", params["name"])
    defaults = {
        "performAutoML": False,
        "performHPO": False,
        "performAutoTraining": True,
        "performIncrementalUpdate": False,
    }
    body = {**defaults, **params, "solutionConfig": config, "solutionArn": arn, "status": lifecycle.PENDING}
    with service.store.transaction():
        lifecycle.new(service, "Solution", arn, body, params, parent=group["datasetGroupArn"])
        service.jobs.submit("become active", arn)
    return {"solutionArn": arn}


@operation("UpdateSolution")
def update(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    solution = lifecycle.require_active(service.require(params["solutionArn"], "Solution"), "The solution")
    if solution.get("latestSolutionUpdate", {}).get("status", lifecycle.ACTIVE) not in lifecycle.STOPPED:
        raise InUseError("The solution is being updated.")
    changes = params.get("solutionUpdateConfig") or {}
    days(changes)
    now = time.time()
    latest: dict[str, Any] = {
        "solutionUpdateConfig": changes, "status": lifecycle.PENDING, "creationDateTime": now,
        "lastUpdatedDateTime": now,
        **{name: params[name] for name in ("performAutoTraining", "performIncrementalUpdate") if name in params},
    }  # fmt: skip
    with service.store.transaction():
        service.store.change(solution["solutionArn"], latestSolutionUpdate=latest)
        service.jobs.submit("update solution", solution["solutionArn"])
    return {"solutionArn": solution["solutionArn"]}


@job("update solution", minutes=0.5)
def update_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    details["_wait"]()
    solution = service.store.get(arn)
    if solution is None:
        return
    latest = {
        **solution["latestSolutionUpdate"], "status": lifecycle.ACTIVE, "lastUpdatedDateTime": time.time()
    }  # fmt: skip
    changes = {
        name: latest[name] for name in ("performAutoTraining", "performIncrementalUpdate") if name in latest
    }
    config = {**solution["solutionConfig"], **latest["solutionUpdateConfig"]}
    service.store.change(arn, latestSolutionUpdate=latest, solutionConfig=config, **changes)


def _forget_versions(service: Service, arn: str) -> None:
    for version in service.store.all("SolutionVersion", arn):
        service.store.remove(version["solutionVersionArn"])
        shutil.rmtree(service.model_folder(version["solutionVersionArn"]), ignore_errors=True)


lifecycle.AFTER_DELETE["Solution"] = [_forget_versions]


@operation("GetSolutionMetrics")
def metrics(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    version = lifecycle.require_active(
        service.require(params["solutionVersionArn"], "SolutionVersion"), "The solution version"
    )
    return {"solutionVersionArn": version["solutionVersionArn"], "metrics": version["_metrics"]}
