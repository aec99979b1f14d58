"""Makes the buckets and roles of a pipeline file in an account, as `encore iam` prints them; again and again."""

from __future__ import annotations

import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from encore.config.models import Pipeline
from encore.deployment.clients import Account
from encore.deployment.iam import Scope, ServiceRole, permissions, policy

#: The one region whose name `CreateBucket` does not take.
_FIRST_REGION = "us-east-1"


def apply(pipeline: Pipeline, account: Account, kms_key: str | None = None) -> Iterator[str]:
    """Make what is missing, and put the role's and the buckets' policies in their place; says what was done.

    A bucket's policy replaces the one that it has. Whoever runs the DAGs is not touched: nobody gives himself rights.

    :raises ClientError: where the account does not allow it
    """
    needed = permissions(pipeline, Scope(account.region, account.number, account.partition), kms_key)
    for name, statements in needed.buckets.items():
        _make_bucket(account, name)
        account.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(policy(statements)))
        yield f"bucket {name} with its policy"
    for name, role in needed.roles.items():
        _make_role(account, name, role)
        yield f"role {name} with its policy"


def _make_bucket(account: Account, name: str) -> None:
    s3 = account.client("s3")
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
        where = {"LocationConstraint": account.region}
        s3.create_bucket(
            Bucket=name, **({} if account.region == _FIRST_REGION else {"CreateBucketConfiguration": where})
        )


def _make_role(account: Account, name: str, role: ServiceRole) -> None:
    iam, trust = account.client("iam"), json.dumps(role.trust)
    try:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    except iam.exceptions.EntityAlreadyExistsException:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    document = json.dumps(policy(role.statements))
    iam.put_role_policy(RoleName=name, PolicyName="encore", PolicyDocument=document)
