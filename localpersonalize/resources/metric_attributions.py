"""Metric attributions: one a dataset group; sums over events, by what recommended the item."""

from __future__ import annotations

from localpersonalize.datasets.attribution import METRIC_EXPRESSION
from localpersonalize.datasets.schemas import Field, columns_of
from localpersonalize.protocol.errors import (
    AlreadyExistsError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
)
from localpersonalize.protocol.paging import page
from localpersonalize.resource_types import (
    DATASET,
    METRIC_ATTRIBUTION,
    SCHEMA,
    AttributedMetric,
    MetricsOutput,
)
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import require_s3
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.dataset_groups import require_active_group

MAX_METRICS = 10
NUMBERS = ("int", "long", "float", "double")


def create(context: Context, params: Params) -> Answer:
    group_arn = require_active_group(context, params)["datasetGroupArn"]
    _check_metrics(context, group_arn, params["metrics"])
    _check_output(params["metricsOutputConfig"])
    arn = context.account.arn(METRIC_ATTRIBUTION.name, params["name"])
    with context.database.transaction():
        if not context.resources.exists(arn) and context.resources.all(METRIC_ATTRIBUTION, group_arn):
            raise LimitExceededError("A dataset group can have only one metric attribution.")
        lifecycle.create(context, METRIC_ATTRIBUTION, arn, params, parent=group_arn)
    return {"metricAttributionArn": arn}


def update(context: Context, params: Params) -> Answer:
    arn = params.get("metricAttributionArn")
    if not arn:
        raise InvalidInputError("metricAttributionArn is required.")
    body = lifecycle.require_active(
        context.resources.require(METRIC_ATTRIBUTION, arn), "The metric attribution"
    )
    metrics = _changed(body["metrics"], set(params.get("removeMetrics", ())), params.get("addMetrics", []))
    _check_metrics(context, body["datasetGroupArn"], metrics)
    output = params.get("metricsOutputConfig") or body["metricsOutputConfig"]
    _check_output(output)
    with context.database.transaction():
        context.resources.change(
            METRIC_ATTRIBUTION, arn, status="UPDATE PENDING", metrics=metrics, metricsOutputConfig=output
        )
        context.jobs.submit("update metric attribution", arn)
    return {"metricAttributionArn": arn}


def list_metrics(context: Context, params: Params) -> Answer:
    arn = params.get("metricAttributionArn")
    if not arn:
        raise InvalidInputError("metricAttributionArn is required.")
    body = context.resources.find(METRIC_ATTRIBUTION, arn)
    if body is None:
        raise InvalidInputError(f"Could not find a metric attribution {arn}.")
    metrics, token = page(body["metrics"], params)
    return {"metrics": metrics, "nextToken": token}


def _changed(
    metrics: list[AttributedMetric], removed: set[str], added: list[AttributedMetric]
) -> list[AttributedMetric]:
    """
    :raises NotFoundError: if there is none of a name that is to be removed.
    :raises AlreadyExistsError: if there is one of a name that is to be added.
    """
    missing = removed - {metric["metricName"] for metric in metrics}
    if missing:
        raise NotFoundError(f"The metric attribution has no metric {', '.join(sorted(missing))}.")
    remaining = [metric for metric in metrics if metric["metricName"] not in removed]
    duplicates = {metric["metricName"] for metric in remaining} & {metric["metricName"] for metric in added}
    if duplicates:
        raise AlreadyExistsError(
            f"The metric attribution already has a metric {', '.join(sorted(duplicates))}."
        )
    return remaining + added


def _check_metrics(context: Context, group_arn: str, metrics: list[AttributedMetric]) -> None:
    """
    :raises InvalidInputError: if an expression names nothing that can be summed.
    :raises LimitExceededError: if there are too many.
    """
    if len(metrics) > MAX_METRICS:
        raise LimitExceededError(f"A metric attribution can have at most {MAX_METRICS} metrics.")
    names = [metric["metricName"] for metric in metrics]
    if len(set(names)) < len(names):
        raise InvalidInputError("Names of metrics must differ within a metric attribution.")
    columns = {}
    for dataset in context.resources.all(DATASET, group_arn):
        schema = context.resources.require(SCHEMA, dataset["schemaArn"])
        columns[dataset["datasetType"]] = columns_of(schema)
    if "EVENT_TYPE" not in columns.get("INTERACTIONS", {"EVENT_TYPE": None}):
        raise InvalidInputError(
            "A metric attribution needs an Interactions dataset with the field EVENT_TYPE."
        )
    for metric in metrics:
        _check_expression(metric["expression"], columns)


def _check_expression(text: str, columns: dict[str, dict[str, Field]]) -> None:
    """
    :param columns: fields of the schemas, by dataset type and column.
    :raises InvalidInputError: if it names nothing that can be summed.
    """
    match = METRIC_EXPRESSION.fullmatch(text)
    if match is None or (match["function"].upper() == "SUM") is not bool(match["column"]):
        raise InvalidInputError(f"Invalid expression {text}. Use SUM(DatasetType.COLUMN) or SAMPLECOUNT().")
    if match["column"]:
        field = columns.get(match["dataset"].upper(), {}).get(match["column"].upper())
        if field is None or field.kind not in NUMBERS:
            raise InvalidInputError(f"Invalid expression {text}: there is no such column of numbers.")


def _check_output(output: MetricsOutput) -> None:
    if "s3DataDestination" in output:
        require_s3(output["s3DataDestination"]["path"], "data destination")
