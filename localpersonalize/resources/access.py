"""What jobs do with S3 on a role's behalf, checked before they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localpersonalize.aws import role_access
from localpersonalize.protocol.errors import InvalidInputError

if TYPE_CHECKING:
    from localpersonalize.service import Service


def require_s3(location: str | None, what: str) -> str:
    """
    :raises InvalidInputError: if it is not `s3://bucket/...`.
    """
    bucket, _, _ = (location or "").removeprefix("s3://").partition("/")
    if not (location or "").startswith("s3://") or not bucket:
        raise InvalidInputError(
            f"Invalid {what}: {location}. Use an Amazon S3 path, like s3://bucket/folder/."
        )
    return str(location)


def may_read(service: Service, arn: str, role_arn: str, location: str) -> None:
    """
    :raises AccessRefusedError: with the reason for the job's `failureReason`.
    """
    role_access.check(service.client("iam"), service.client("s3"), role_arn, location, role_access.READ, arn)


def may_write(service: Service, arn: str, role_arn: str, location: str) -> None:
    """
    :raises AccessRefusedError: with the reason for the job's `failureReason`.
    """
    role_access.check(service.client("iam"), service.client("s3"), role_arn, location, role_access.WRITE, arn)
