"""What all kinds of resources have in common: describing, listing, tags, deleting, names and quotas."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localpersonalize.jobs.queue import job
from localpersonalize.protocol.errors import (
    InUseError,
    InvalidInputError,
    InvalidNextTokenError,
    LimitExceededError,
    TooManyTagsError,
)
from localpersonalize.resources.registry import OPERATIONS, operation

if TYPE_CHECKING:
    from localpersonalize.database import Body
    from localpersonalize.service import Service

PENDING, IN_PROGRESS, ACTIVE, FAILED = "CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE", "CREATE FAILED"
STOPPED = ("ACTIVE", "CREATE FAILED", "CREATE STOPPED", "INACTIVE", "DELETE FAILED")
BUSY = (PENDING, IN_PROGRESS, "CREATE STOPPING")
PAGE = 100
MAX_TAGS = 50


@dataclass(frozen=True)
class Kind:
    """A kind of resource.

    `key`: the member that holds it in Describe answers, also the stem of its ARN parameter. `plural`: the
    member of List answers. `parent`: the ARN parameter that narrows a list. `children`: kinds that keep it from
    being deleted, by the member of their body that names it; `users`: those that do so while they are being made.
    """

    name: str
    key: str
    plural: str
    parent: str | None = None
    children: tuple[tuple[str, str], ...] = ()
    users: tuple[tuple[str, str], ...] = ()
    deletable: bool = True
    minutes_to_delete: float = 0.5

    @property
    def arn_key(self) -> str:
        return f"{self.key}Arn"


KINDS = (
    Kind("DatasetGroup", "datasetGroup", "datasetGroups", children=(
        ("Dataset", "datasetGroupArn"), ("Solution", "datasetGroupArn"), ("EventTracker", "datasetGroupArn"),
        ("Filter", "datasetGroupArn"), ("Recommender", "datasetGroupArn"), ("MetricAttribution", "datasetGroupArn"))),
    Kind("Schema", "schema", "schemas", children=(("Dataset", "schemaArn"),)),
    Kind("Dataset", "dataset", "datasets", "datasetGroupArn", users=(
        ("DatasetImportJob", "datasetArn"), ("DatasetExportJob", "datasetArn"))),
    Kind("DatasetImportJob", "datasetImportJob", "datasetImportJobs", "datasetArn", deletable=False),
    Kind("DatasetExportJob", "datasetExportJob", "datasetExportJobs", "datasetArn", deletable=False),
    Kind("DataDeletionJob", "dataDeletionJob", "dataDeletionJobs", "datasetGroupArn", deletable=False),
    Kind("MetricAttribution", "metricAttribution", "metricAttributions", "datasetGroupArn"),
    Kind("Solution", "solution", "solutions", "datasetGroupArn", children=(("Campaign", "_solutionArn"),),
         users=(("SolutionVersion", "solutionArn"),)),
    Kind("SolutionVersion", "solutionVersion", "solutionVersions", "solutionArn", deletable=False),
    Kind("Campaign", "campaign", "campaigns", "solutionArn"),
    Kind("Filter", "filter", "Filters", "datasetGroupArn", users=(
        ("BatchInferenceJob", "filterArn"), ("BatchSegmentJob", "filterArn"))),
    Kind("Recommender", "recommender", "recommenders", "datasetGroupArn"),
    Kind("EventTracker", "eventTracker", "eventTrackers", "datasetGroupArn"),
    Kind("BatchInferenceJob", "batchInferenceJob", "batchInferenceJobs", "solutionVersionArn", deletable=False),
    Kind("BatchSegmentJob", "batchSegmentJob", "batchSegmentJobs", "solutionVersionArn", deletable=False),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}


def new(
    service: Service,
    kind: str,
    arn: str,
    body: Mapping[str, Any],
    params: Mapping[str, Any],
    parent: str | None = None,
) -> Body:
    """Keep a new resource with its tags, in one step.

    :raises TooManyTagsError: if there are more than a resource may have.
    """
    if len({tag["tagKey"] for tag in params.get("tags", ())}) > MAX_TAGS:
        raise TooManyTagsError(f"A resource can have at most {MAX_TAGS} tags.")
    with service.store.transaction():
        made = service.store.add(kind, arn, body, parent)
        if params.get("tags"):
            service.store.set_tags(arn, params["tags"])
    return made


def begin(service: Service, arn: str, status: str = IN_PROGRESS) -> Body | None:
    """What a job is to make, now in progress; None if it is gone, or was done before the service was killed."""
    body = service.store.get(arn)
    if body is None or body["status"] not in (PENDING, "PENDING", status):
        return None
    return service.store.change(arn, status=status)


def require_active(body: Body, what: str) -> Body:
    """
    :raises InUseError: while it is being made; InvalidInputError: if it could not be made.
    """
    status = body.get("status", ACTIVE)
    if status in (FAILED, "CREATE STOPPED"):
        raise InvalidInputError(f"{what} has status {status}, which is not allowed here.")
    if status != ACTIVE:
        raise InUseError(f"{what} is not ACTIVE yet; its status is {status}.")
    return body


def limit_pending(service: Service, kind: str) -> None:
    """
    :raises LimitExceededError: if as many resources of the kind as the account may have are being made already.
    """
    most = service.settings.quotas.pending[kind]
    if service.store.count(kind, PENDING, IN_PROGRESS, "PENDING", "IN_PROGRESS") >= most:
        raise LimitExceededError(f"More than {most} resources with PENDING or IN_PROGRESS status.")


def limit_number(service: Service, kind: str, group: str | None = None) -> None:
    """
    :raises LimitExceededError: if the account, or a dataset group, has as many resources of the kind as it may.
    """
    most = service.settings.quotas.total[kind]
    found = service.store.all(kind)
    if group is not None:
        found = [body for body in found if (body.get("datasetGroupArn") or body.get("_groupArn")) == group]
    if len(found) >= most:
        where = f" in dataset group {group}" if group else ""
        raise LimitExceededError(
            f"Cannot create a resource of kind {kind}: there are {len(found)}{where}, and at most {most} are"
            " allowed. Please delete some and try again."
        )


def register_describe_and_list(kind: Kind, default_parent: str | None = None) -> None:
    """Describe and List are the same for every kind: members that a shape lacks don't reach the wire."""

    @operation(f"Describe{kind.name}")
    def describe(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
        return {kind.key: service.require(params[kind.arn_key], kind.name)}

    @operation(f"List{kind.name}s" if not kind.name.endswith("y") else f"List{kind.name[:-1]}ies")
    def list_(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
        found = service.store.all(kind.name, params.get(kind.parent) if kind.parent else None)
        found, token = page(found, params)
        return {kind.plural: found, "nextToken": token}


def register_delete(kind: Kind) -> None:
    """Delete: refused while the resource changes or others depend on it, then DELETE PENDING until it is gone."""

    @operation(f"Delete{kind.name}")
    def delete(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
        arn = params[kind.arn_key]
        body = service.require(arn, kind.name)
        if body.get("status", ACTIVE) not in STOPPED or _updating(body):
            raise InUseError(f"{arn} can't be deleted while its status is {body.get('status')}.")
        for child, member in kind.children + kind.users:
            users = [other for other in service.store.all(child) if other.get(member) == arn]
            if (child, member) in kind.users:
                users = [other for other in users if other["status"] in BUSY]
            if users:
                raise InUseError(
                    f"{arn} is used by {len(users)} resource(s) of kind {child}, and can't be deleted."
                )
        if "status" not in body:  # schemas have no states
            service.store.remove(arn)
            return {}
        with service.store.transaction():
            service.store.change(arn, status="DELETE PENDING")
            service.jobs.submit("delete", arn, kind=kind.name)
        return {}


@job("delete", minutes=0.5)
def delete_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    service.store.change(arn, status="DELETE IN_PROGRESS")
    details["_wait"]()
    for hook in AFTER_DELETE.get(details["kind"], ()):
        hook(service, arn)
    service.store.remove(arn)


AFTER_DELETE: dict[str, list[Callable[[Service, str], None]]] = {}


def page(found: list[Body], params: Mapping[str, Any]) -> tuple[list[Body], str | None]:
    """One page of a list and the token of the next.

    :raises InvalidNextTokenError: if the token is not one of ours.
    """
    start, size = 0, params.get("maxResults") or PAGE
    if params.get("nextToken"):
        try:
            start = int(base64.b64decode(params["nextToken"], validate=True).decode().removeprefix("from:"))
        except (ValueError, binascii.Error):
            raise InvalidNextTokenError("The nextToken is not valid.") from None
    end = start + size
    token = base64.b64encode(f"from:{end}".encode()).decode() if end < len(found) else None
    return found[start:end], token


def _updating(body: Body) -> bool:
    latest = (
        body.get("latestCampaignUpdate")
        or body.get("latestRecommenderUpdate")
        or body.get("latestDatasetUpdate")
        or {}
    )
    return latest.get("status", ACTIVE) not in STOPPED


for _kind in KINDS:
    register_describe_and_list(_kind)
    if _kind.deletable:
        register_delete(_kind)

__all__ = [
    "BY_NAME",
    "KINDS",
    "OPERATIONS",
    "Kind",
    "limit_number",
    "limit_pending",
    "new",
    "page",
    "require_active",
]
