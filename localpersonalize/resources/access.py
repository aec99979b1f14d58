"""What jobs do with S3 on a role's behalf, checked before they begin."""

from __future__ import annotations

from localpersonalize.aws import role_access
from localpersonalize.aws.clients import Clients
from localpersonalize.aws.s3.buckets import is_bucket_name
from localpersonalize.protocol.errors import InvalidInputError


def require_s3(location: str | None, what: str) -> str:
    """
    :param what: how the error calls it.
    :raises InvalidInputError: if it is not `s3://bucket/...` with a name that a bucket may have.
    """
    scheme, _, path = (location or "").partition("s3://")
    if scheme or not is_bucket_name(path.partition("/")[0]) or not path.isprintable():
        raise InvalidInputError(
            f"Invalid {what}: {location}. Use an Amazon S3 path, like s3://bucket/folder/."
        )
    return str(location)


def require_read_access(clients: Clients, arn: str, role_arn: str, location: str) -> None:
    """
    :param arn: of the job, for conditions of policies.
    :raises AccessRefusedError: with the reason for the job's `failureReason`.
    """
    iam, s3 = clients.client("iam"), clients.client("s3")
    role_access.check(iam, s3, role_arn, location, role_access.READ, arn)


def require_write_access(clients: Clients, arn: str, role_arn: str, location: str) -> None:
    """
    :param arn: of the job, for conditions of policies.
    :raises AccessRefusedError: with the reason for the job's `failureReason`.
    """
    iam, s3 = clients.client("iam"), clients.client("s3")
    role_access.check(iam, s3, role_arn, location, role_access.WRITE, arn)


def require_report_access(clients: Clients, arn: str, role_arn: str, location: str) -> None:
    """What the reports of a metric attribution need: to put objects, and not to list the bucket.

    :param arn: of the attribution, for conditions of policies.
    :raises AccessRefusedError: with the reason for its `failureReason`.
    """
    iam, s3 = clients.client("iam"), clients.client("s3")
    role_access.check(iam, s3, role_arn, location, role_access.PUT, arn)


def require_metrics_access(clients: Clients, arn: str, role_arn: str) -> None:
    """To put values into CloudWatch.

    :param arn: of the attribution, for conditions of policies.
    :raises AccessRefusedError: with the reason for its `failureReason`.
    """
    role_access.check_action(clients.client("iam"), role_arn, "cloudwatch:PutMetricData", arn)
