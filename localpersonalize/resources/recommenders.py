"""Recommenders of domain dataset groups: a use case, trained when it is created and served until it is stopped."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.jobs.queue import WorkerFailedError, WorkerStoppedError, job
from localpersonalize.protocol.errors import InUseError, InvalidInputError, NotFoundError
from localpersonalize.resources import lifecycle
from localpersonalize.resources.registry import operation
from localpersonalize.runtime.use_cases import USE_CASES, domain_of, use_case

if TYPE_CHECKING:
    from localpersonalize.service import Service

log = logging.getLogger(__name__)
INACTIVE = "INACTIVE"


@operation("CreateRecommender")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    group = lifecycle.require_active(
        service.require(params["datasetGroupArn"], "DatasetGroup"), "The dataset group"
    )
    if use_case(params["recipeArn"]) is None:
        raise NotFoundError(f"There is no use case {params['recipeArn']}. Use cases: {', '.join(USE_CASES)}.")
    domain = domain_of(params["recipeArn"])
    if group.get("domain") != domain:
        raise InvalidInputError(f"{params['recipeArn']} needs a dataset group of the domain {domain}.")
    lifecycle.limit_number(service, "Recommender", group["datasetGroupArn"])
    arn = service.arn("recommender", params["name"])
    body = {"recommenderConfig": {}, **params, "recommenderArn": arn, "status": lifecycle.PENDING}
    with service.store.transaction():
        lifecycle.new(service, "Recommender", arn, body, params, parent=group["datasetGroupArn"])
        service.jobs.submit("train recommender", arn)
    return {"recommenderArn": arn}


@operation("UpdateRecommender")
def update(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    arn = params["recommenderArn"]
    recommender = lifecycle.require_active(service.require(arn, "Recommender"), "The recommender")
    if (
        recommender.get("latestRecommenderUpdate", {}).get("status", lifecycle.ACTIVE)
        not in lifecycle.STOPPED
    ):
        raise InUseError("The recommender is being updated.")
    now = time.time()
    latest = {
        "recommenderConfig": params["recommenderConfig"], "status": lifecycle.PENDING,
        "creationDateTime": now, "lastUpdatedDateTime": now,
    }  # fmt: skip
    with service.store.transaction():
        service.store.change(arn, latestRecommenderUpdate=latest)
        service.jobs.submit("update recommender", arn)
    return {"recommenderArn": arn}


@operation("StopRecommender")
def stop(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    return _turn(service, params["recommenderArn"], lifecycle.ACTIVE, "STOP PENDING", "stop recommender")


@operation("StartRecommender")
def start(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    return _turn(service, params["recommenderArn"], INACTIVE, "START PENDING", "start recommender")


def _turn(service: Service, arn: str, needed: str, pending: str, work: str) -> Mapping[str, Any]:
    recommender = service.require(arn, "Recommender")
    if recommender["status"] != needed:
        raise InUseError(f"The recommender's status is {recommender['status']}; it must be {needed}.")
    with service.store.transaction():
        service.store.change(arn, status=pending)
        service.jobs.submit(work, arn)
    return {"recommenderArn": arn}


@job("train recommender", minutes=40, heavy=True)
def train_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    recommender = lifecycle.begin(service, arn)
    if recommender is None:
        return
    case = use_case(recommender["recipeArn"])
    assert case is not None
    config = recommender["recommenderConfig"].get("trainingDataConfig")
    settings = {
        "recipeArn": f"arn:aws:personalize:::recipe/{case.recipe}", "eventType": case.event_type,
        "solutionConfig": {"trainingDataConfig": config} if config else {},
    }  # fmt: skip
    try:
        result = service.jobs.work(
            arn, "train", on_progress=lambda text: log.info("%s: %s", arn, text),
            model_folder=str(service.model_folder(arn)), settings=settings,
        )  # fmt: skip
    except (WorkerFailedError, WorkerStoppedError) as error:
        service.store.change(arn, status=lifecycle.FAILED, failureReason=str(error))
        return
    details["_wait"]()
    service.runtime.deploy(arn, recommender)
    service.store.change(arn, status=lifecycle.ACTIVE, modelMetrics=result["metrics"])


@job("update recommender", minutes=9)
def update_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    recommender = service.store.get(arn)
    if recommender is None:
        return
    details["_wait"]()
    latest = recommender["latestRecommenderUpdate"]
    config = {**recommender["recommenderConfig"], **latest["recommenderConfig"]}
    service.runtime.deploy(arn, {**recommender, "recommenderConfig": config})
    latest = {**latest, "status": lifecycle.ACTIVE, "lastUpdatedDateTime": time.time()}
    service.store.change(arn, recommenderConfig=config, latestRecommenderUpdate=latest)


@job("stop recommender", minutes=1)
def stop_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    service.store.change(arn, status="STOP IN_PROGRESS")
    service.runtime.withdraw(arn)
    details["_wait"]()
    service.store.change(arn, status=INACTIVE)


@job("start recommender", minutes=9)
def start_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    recommender = service.store.change(arn, status="START IN_PROGRESS")
    details["_wait"]()
    if recommender is not None:
        service.runtime.deploy(arn, recommender)
        service.store.change(arn, status=lifecycle.ACTIVE)


def _forget(service: Service, arn: str) -> None:
    service.runtime.withdraw(arn)
    shutil.rmtree(service.model_folder(arn), ignore_errors=True)


lifecycle.AFTER_DELETE["Recommender"] = [_forget]
