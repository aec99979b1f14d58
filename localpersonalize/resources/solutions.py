"""Solutions: a recipe with its settings."""

from __future__ import annotations

from contextlib import suppress

from localpersonalize.protocol.errors import InvalidInputError, NotFoundError
from localpersonalize.recipes import registry
from localpersonalize.resource_types import SOLUTION, SOLUTION_VERSION
from localpersonalize.resources import lifecycle
from localpersonalize.resources.configurations import NO_AUTOML, check_incremental_update, check_solution
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.dataset_groups import require_active_group
from localpersonalize.resources.schedules import days
from localpersonalize.resources.updates import new_update, require_no_update
from localpersonalize.training.settings import parse_hyperparameters, ranges_of

DEFAULTS = {
    "performAutoML": False,
    "performHPO": False,
    "performAutoTraining": True,
    "performIncrementalUpdate": False,
}
UPDATABLE = ("performAutoTraining", "performIncrementalUpdate")


def load_recipe(params: Params) -> None:
    """The first use of a recipe imports what it computes with, which takes a moment."""
    with suppress(KeyError):
        registry.recipe(params.get("recipeArn", ""))


def create(context: Context, params: Params) -> Answer:
    group = require_active_group(context, params)
    if not params.get("recipeArn"):
        raise InvalidInputError(f"recipeArn is required. {NO_AUTOML}")
    try:
        recipe = registry.recipe(params["recipeArn"])
    except KeyError as error:
        raise NotFoundError(str(error.args[0])) from None
    config = params.get("solutionConfig", {})
    try:
        parse_hyperparameters(recipe, config)
        if params.get("performHPO"):
            ranges_of(recipe, config.get("hpoConfig") or {})
    except ValueError as error:
        raise InvalidInputError(str(error)) from None
    days(config)
    check_solution(context, group["datasetGroupArn"], recipe, params)
    lifecycle.limit_number(context, SOLUTION, group["datasetGroupArn"])
    arn = context.account.arn(SOLUTION.name, params["name"])
    body = {**DEFAULTS, **params, "solutionConfig": config}
    lifecycle.create(context, SOLUTION, arn, body, parent=group["datasetGroupArn"])
    return {"solutionArn": arn}


def update(context: Context, params: Params) -> Answer:
    solution = lifecycle.require_active(
        context.resources.require(SOLUTION, params["solutionArn"]), "The solution"
    )
    require_no_update(solution, "The solution")
    check_incremental_update(registry.recipe(solution["recipeArn"]), params)
    changes = params.get("solutionUpdateConfig") or {}
    days(changes)
    switches = {name: params[name] for name in UPDATABLE if name in params}
    latest = new_update(solutionUpdateConfig=changes, **switches)
    with context.database.transaction():
        context.resources.change(SOLUTION, solution["solutionArn"], latestSolutionUpdate=latest)
        context.jobs.submit("update solution", solution["solutionArn"])
    return {"solutionArn": solution["solutionArn"]}


def metrics(context: Context, params: Params) -> Answer:
    version = lifecycle.require_active(
        context.resources.require(SOLUTION_VERSION, params["solutionVersionArn"]), "The solution version"
    )
    return {"solutionVersionArn": version["solutionVersionArn"], "metrics": version["_metrics"]}
