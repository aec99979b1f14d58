"""Delete: refused while the resource changes or others depend on it, then DELETE PENDING until it is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from localpersonalize.protocol.errors import InUseError
from localpersonalize.resource_types import (
    ACTIVE,
    AT_REST,
    BATCH_INFERENCE_JOB,
    BATCH_SEGMENT_JOB,
    BEING_CREATED,
    CAMPAIGN,
    DATASET,
    DATASET_EXPORT_JOB,
    DATASET_GROUP,
    DATASET_IMPORT_JOB,
    EVENT_TRACKER,
    FILTER,
    METRIC_ATTRIBUTION,
    RECOMMENDER,
    SCHEMA,
    SOLUTION,
    SOLUTION_VERSION,
    Resource,
    ResourceKind,
)
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.updates import is_updating

# Kinds that keep another from being deleted, with the member that names it: always, or while they are being made.
CHILDREN: Mapping[str, tuple[tuple[ResourceKind[Any], str], ...]] = {
    DATASET_GROUP.name: tuple(
        (kind, "datasetGroupArn")
        for kind in (DATASET, SOLUTION, EVENT_TRACKER, FILTER, RECOMMENDER, METRIC_ATTRIBUTION)
    ),
    SCHEMA.name: ((DATASET, "schemaArn"),),
    SOLUTION.name: ((CAMPAIGN, "_solutionArn"),),
}
USERS: Mapping[str, tuple[tuple[ResourceKind[Any], str], ...]] = {
    DATASET.name: ((DATASET_IMPORT_JOB, "datasetArn"), (DATASET_EXPORT_JOB, "datasetArn")),
    SOLUTION.name: ((SOLUTION_VERSION, "solutionArn"),),
    FILTER.name: ((BATCH_INFERENCE_JOB, "filterArn"), (BATCH_SEGMENT_JOB, "filterArn")),
}


def delete(kind: ResourceKind[Resource], context: Context, params: Params) -> Answer:
    arn = params[kind.arn_member]
    body = context.resources.require(kind, arn)
    # An update of a solution only changes its settings, and does not keep it.
    changing = kind.name != SOLUTION.name and is_updating(body)
    if body.get("status", ACTIVE) not in AT_REST or changing:
        raise InUseError(f"{arn} can't be deleted while its status is {body.get('status')}.")
    for other, count in _dependents(context, kind, arn):
        raise InUseError(f"{arn} is used by {count} resource(s) of kind {other}, and can't be deleted.")
    if "status" not in body:  # schemas have no states
        context.resources.remove(arn)
        return {}
    with context.database.transaction():
        context.resources.change(kind, arn, status="DELETE PENDING")
        context.jobs.submit("delete", arn, kind=kind.name)
    return {}


def _dependents(context: Context, kind: ResourceKind[Resource], arn: str) -> Iterator[tuple[str, int]]:
    """Kinds that keep a resource from being deleted, and how many of them do."""
    for other, member in CHILDREN.get(kind.name, ()):
        children = [body for body in context.resources.all(other) if body.get(member) == arn]
        if children:
            yield other.name, len(children)
    for other, member in USERS.get(kind.name, ()):
        users = [body for body in context.resources.all(other) if body.get(member) == arn]
        busy = [body for body in users if body["status"] in BEING_CREATED]
        if busy:
            yield other.name, len(busy)
