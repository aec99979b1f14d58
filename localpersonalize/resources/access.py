"""What jobs do with S3 on a role's behalf, checked before they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localpersonalize.data import roles
from localpersonalize.protocol.errors import InvalidInput

if TYPE_CHECKING:
    from localpersonalize.service import Service


def require_s3(location: str | None, what: str) -> str:
    """
    :raises InvalidInput: if it is not `s3://bucket/...`.
    """
    bucket, _, _ = (location or "").removeprefix("s3://").partition("/")
    if not (location or "").startswith("s3://") or not bucket:
        raise InvalidInput(f"Invalid {what}: {location}. Use an Amazon S3 path, like s3://bucket/folder/.")
    return str(location)


def may_read(service: Service, arn: str, role_arn: str, location: str) -> None:
    """
    :raises AccessRefused: with the reason for the job's `failureReason`.
    """
    roles.check(service.client("iam"), service.client("s3"), role_arn, location, roles.READ, arn)


def may_write(service: Service, arn: str, role_arn: str, location: str) -> None:
    """
    :raises AccessRefused: with the reason for the job's `failureReason`.
    """
    roles.check(service.client("iam"), service.client("s3"), role_arn, location, roles.WRITE, arn)
