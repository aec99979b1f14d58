"""What all kinds of resources have in common: how they are created, and begun, and which quotas hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localpersonalize.protocol.errors import (
    InUseError,
    InvalidInputError,
    LimitExceededError,
    TooManyTagsError,
)
from localpersonalize.resource_types import (
    ACTIVE,
    CREATE_FAILED,
    CREATE_IN_PROGRESS,
    CREATE_PENDING,
    CREATE_STOPPED,
    Resource,
    ResourceKind,
    Status,
)
from localpersonalize.resources.context import Context, JobName

MAX_TAGS = 50
_PENDING = (CREATE_PENDING, "PENDING")
_UNFINISHED = (*_PENDING, CREATE_IN_PROGRESS, "IN_PROGRESS")


def create(
    context: Context,
    kind: ResourceKind[Resource],
    arn: str,
    body: Mapping[str, Any],
    *,
    parent: str | None = None,
    status: Status | None = CREATE_PENDING,
    job: JobName | None = "become active",
    **details: Any,
) -> Resource:
    """Keep a new resource with its tags, and submit the job that makes it, in one step.

    :param body: its members, the request's parameters among them; `tags` are kept apart from it.
    :param status: None for what has no states.
    :param details: of the job.
    :raises AlreadyExistsError: if the ARN is taken.
    :raises TooManyTagsError: if there are more than a resource may have.
    """
    tags = body.get("tags", ())
    if len({tag["tagKey"] for tag in tags}) > MAX_TAGS:
        raise TooManyTagsError(f"A resource can have at most {MAX_TAGS} tags.")
    complete = {**body, kind.arn_member: arn, **({"status": status} if status else {})}
    with context.database.transaction():
        made = context.resources.add(kind, arn, complete, parent)
        if tags:
            context.database.set_tags(arn, tags)
        if job:
            context.jobs.submit(job, arn, **details)
    return made


def begin(
    context: Context, kind: ResourceKind[Resource], arn: str, status: Status = CREATE_IN_PROGRESS
) -> Resource | None:
    """What a job is to make, now in progress; None if it is gone, or was done before the service was killed."""
    body = context.resources.find(kind, arn)
    if body is None or body.get("status") not in (*_PENDING, status):
        return None
    return context.resources.change(kind, arn, status=status)


def require_active(body: Resource, what: str) -> Resource:
    """
    :param what: how the error calls it.
    :raises InUseError: while it is being made.
    :raises InvalidInputError: if it could not be made.
    """
    status = body.get("status", ACTIVE)
    if status in (CREATE_FAILED, CREATE_STOPPED):
        raise InvalidInputError(f"{what} has status {status}, which is not allowed here.")
    if status != ACTIVE:
        raise InUseError(f"{what} is not ACTIVE yet; its status is {status}.")
    return body


def limit_pending(context: Context, kind: ResourceKind[Resource], arn: str) -> None:
    """
    :param arn: of what is to be created; if it is taken, the error is that, whatever the quota.
    :raises LimitExceededError: if as many resources of the kind as the account may have are being made already.
    """
    most = context.quotas.pending[kind.name]
    if not context.resources.exists(arn) and context.database.count(kind.name, *_UNFINISHED) >= most:
        raise LimitExceededError(f"More than {most} resources with PENDING or IN_PROGRESS status.")


def limit_number(context: Context, kind: ResourceKind[Resource], group_arn: str | None = None) -> None:
    """
    :raises LimitExceededError: if the account, or a dataset group, has as many resources of the kind as it may.
    """
    most = context.quotas.total[kind.name]
    bodies = context.resources.all(kind)
    if group_arn is not None:
        bodies = [
            body for body in bodies if group_arn in (body.get("datasetGroupArn"), body.get("_groupArn"))
        ]
    if len(bodies) >= most:
        where = f" in dataset group {group_arn}" if group_arn else ""
        raise LimitExceededError(
            f"Cannot create a resource of kind {kind.name}: there are {len(bodies)}{where}, and at most {most} are"
            " allowed. Please delete some and try again."
        )
