"""Metric attributions: one a dataset group; sums over events, by what recommended the item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.datasets.attribution import EXPRESSION
from localpersonalize.datasets.schemas import columns_of
from localpersonalize.jobs.queue import job
from localpersonalize.protocol.errors import (
    AlreadyExistsError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
)
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import require_s3
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.service import Service

MOST_METRICS = 10
NUMBERS = ("int", "long", "float", "double")


@operation("CreateMetricAttribution")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    group_arn = lifecycle.require_active(
        service.require(params["datasetGroupArn"], "DatasetGroup"), "The dataset group"
    )["datasetGroupArn"]
    _check_metrics(service, group_arn, params["metrics"])
    _check_output(params["metricsOutputConfig"])
    arn = service.arn("metric-attribution", params["name"])
    body = {**params, "metricAttributionArn": arn, "status": lifecycle.PENDING}
    with service.store.transaction():
        if service.store.get(arn) is None and service.store.count("MetricAttribution", parent=group_arn):
            raise LimitExceededError("A dataset group can have only one metric attribution.")
        lifecycle.new(service, "MetricAttribution", arn, body, params, parent=group_arn)
        service.jobs.submit("become active", arn)
    return {"metricAttributionArn": arn}


@operation("UpdateMetricAttribution")
def update(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    arn = params.get("metricAttributionArn")
    if not arn:
        raise InvalidInputError("metricAttributionArn is required.")
    body = lifecycle.require_active(service.require(arn, "MetricAttribution"), "The metric attribution")
    removed, added = set(params.get("removeMetrics", ())), params.get("addMetrics", [])
    names = {metric["metricName"] for metric in body["metrics"]}
    if removed - names:
        raise NotFoundError(f"The metric attribution has no metric {', '.join(sorted(removed - names))}.")
    kept = [metric for metric in body["metrics"] if metric["metricName"] not in removed]
    taken = {metric["metricName"] for metric in kept} & {metric["metricName"] for metric in added}
    if taken:
        raise AlreadyExistsError(f"The metric attribution already has a metric {', '.join(sorted(taken))}.")
    _check_metrics(service, body["datasetGroupArn"], kept + added)
    output = params.get("metricsOutputConfig") or body["metricsOutputConfig"]
    _check_output(output)
    with service.store.transaction():
        service.store.change(arn, status="UPDATE PENDING", metrics=kept + added, metricsOutputConfig=output)
        service.jobs.submit("update metric attribution", arn)
    return {"metricAttributionArn": arn}


@operation("ListMetricAttributionMetrics")
def list_metrics(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    if not params.get("metricAttributionArn"):
        raise InvalidInputError("metricAttributionArn is required.")
    body = service.store.get(params["metricAttributionArn"])
    if body is None or "metricAttributionArn" not in body:
        raise InvalidInputError(f"Could not find a metric attribution {params['metricAttributionArn']}.")
    shown, token = lifecycle.page(body["metrics"], params)
    return {"metrics": shown, "nextToken": token}


@job("update metric attribution", minutes=0.5)
def update_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    service.store.change(arn, status="UPDATE IN_PROGRESS")
    details["_wait"]()
    service.store.change(arn, status=lifecycle.ACTIVE)


def _check_metrics(service: Service, group_arn: str, metrics: list[dict[str, str]]) -> None:
    """
    :raises InvalidInputError: if an expression names nothing that can be summed.
    :raises LimitExceededError: if there are too many.
    """
    if len(metrics) > MOST_METRICS:
        raise LimitExceededError(f"A metric attribution can have at most {MOST_METRICS} metrics.")
    names = [metric["metricName"] for metric in metrics]
    if len(set(names)) < len(names):
        raise InvalidInputError("Names of metrics must differ within a metric attribution.")
    schemas = {
        dataset["datasetType"]: columns_of(service.require(dataset["schemaArn"], "Schema"))
        for dataset in service.store.all("Dataset", group_arn)
    }
    for metric in metrics:
        text = metric["expression"]
        found = EXPRESSION.fullmatch(text)
        if found is None or (found["function"].upper() == "SUM") is not bool(found["column"]):
            raise InvalidInputError(
                f"Invalid expression {text}. Use SUM(DatasetType.COLUMN) or SAMPLECOUNT()."
            )
        if found["column"]:
            column = schemas.get(found["dataset"].upper(), {}).get(found["column"].upper())
            if column is None or column.kind not in NUMBERS:
                raise InvalidInputError(f"Invalid expression {text}: there is no such column of numbers.")


def _check_output(output: Mapping[str, Any]) -> None:
    if "s3DataDestination" in output:
        require_s3(output["s3DataDestination"]["path"], "data destination")
