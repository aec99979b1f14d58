"""Recommenders of domain dataset groups: a use case, trained when it is created and served until it is stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localpersonalize.protocol.errors import InUseError, InvalidInputError, NotFoundError
from localpersonalize.resource_types import ACTIVE, INACTIVE, RECOMMENDER, Status
from localpersonalize.resources import lifecycle
from localpersonalize.resources.configurations import check_exploration, check_training_columns
from localpersonalize.resources.context import Answer, Context, JobName, Params
from localpersonalize.resources.dataset_groups import require_active_group
from localpersonalize.resources.updates import new_update, require_no_update
from localpersonalize.runtime.use_cases import USE_CASES, domain_of, use_case


def create(context: Context, params: Params) -> Answer:
    group = require_active_group(context, params)
    if use_case(params["recipeArn"]) is None:
        raise NotFoundError(f"There is no use case {params['recipeArn']}. Use cases: {', '.join(USE_CASES)}.")
    domain = domain_of(params["recipeArn"])
    if group.get("domain") != domain:
        raise InvalidInputError(f"{params['recipeArn']} needs a dataset group of the domain {domain}.")
    group_arn = group["datasetGroupArn"]
    lifecycle.limit_number(context, RECOMMENDER, group_arn)
    arn = context.account.arn(RECOMMENDER.name, params["name"])
    _check_config(context, group_arn, params["recipeArn"], params.get("recommenderConfig"))
    body = {"recommenderConfig": {}, **params}
    lifecycle.create(context, RECOMMENDER, arn, body, parent=group_arn, job="train recommender")
    return {"recommenderArn": arn}


def update(context: Context, params: Params) -> Answer:
    arn = params["recommenderArn"]
    recommender = lifecycle.require_active(context.resources.require(RECOMMENDER, arn), "The recommender")
    require_no_update(recommender, "The recommender")
    config = params["recommenderConfig"]
    _check_config(context, recommender["datasetGroupArn"], recommender["recipeArn"], config)
    latest = new_update(recommenderConfig=config)
    with context.database.transaction():
        context.resources.change(RECOMMENDER, arn, latestRecommenderUpdate=latest)
        context.jobs.submit("update recommender", arn)
    return {"recommenderArn": arn}


def stop(context: Context, params: Params) -> Answer:
    return _turn(context, params["recommenderArn"], ACTIVE, "STOP PENDING", "stop recommender")


def start(context: Context, params: Params) -> Answer:
    return _turn(context, params["recommenderArn"], INACTIVE, "START PENDING", "start recommender")


def _check_config(
    context: Context, group_arn: str, recipe_arn: str, config: Mapping[str, Any] | None
) -> None:
    """
    :raises InvalidInputError: if the use case does not do what the configuration asks for.
    """
    case = use_case(recipe_arn)
    check_exploration(config, case is not None and case.explores, recipe_arn.rsplit("/", 1)[-1])
    check_training_columns(context, group_arn, (config or {}).get("trainingDataConfig"))


def _turn(context: Context, arn: str, required: Status, pending: Status, job: JobName) -> Answer:
    recommender = context.resources.require(RECOMMENDER, arn)
    if recommender["status"] != required:
        raise InUseError(f"The recommender's status is {recommender['status']}; it must be {required}.")
    with context.database.transaction():
        context.resources.change(RECOMMENDER, arn, status=pending)
        context.jobs.submit(job, arn)
    return {"recommenderArn": arn}
