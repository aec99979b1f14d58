"""May Amazon Personalize, taking a role, read or write a place in S3?

As in the service, three policies must agree: the role's trust policy lets `personalize.amazonaws.com` assume it, the
role's own policies allow the actions, and so does the bucket's policy, for the service or for the role. Source: the
developer guide, "Giving Amazon Personalize access to Amazon S3 resources".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from localpersonalize.aws.iam_policies import Policy, Question, verdict

SERVICE = "personalize.amazonaws.com"
READ = ("s3:ListBucket", "s3:GetObject")
WRITE = ("s3:ListBucket", "s3:PutObject")
PUT = ("s3:PutObject",)


class AccessRefusedError(PermissionError):
    """Personalize can't do what the job asks; the text is the job's `failureReason`."""


def check(
    iam: Any, s3: Any, role_arn: str, location: str, actions: tuple[str, ...], job_arn: str = ""
) -> None:
    """
    :param location: `s3://bucket/prefix`.
    :param actions: `READ`, `WRITE` or `PUT`.
    :param job_arn: ARN of the job, for conditions on `aws:SourceArn` and `aws:SourceAccount`.
    :raises AccessRefusedError: naming the role or bucket, the action and what to change.
    """
    context = _context(role_arn, job_arn)
    role_policies = _assumed(iam, role_arn, context)
    bucket, _, path = location.removeprefix("s3://").partition("/")
    bucket_policies = [_bucket_policy(s3, bucket, location)]
    for action in actions:
        resource = f"arn:aws:s3:::{bucket}"
        on_objects = action != "s3:ListBucket"
        question = Question(
            action,
            f"{resource}/{path}" if on_objects else resource,
            (SERVICE, role_arn, _root(role_arn)),
            context if on_objects else {**context, "s3:prefix": path},
        )
        for policies, whose in (
            (role_policies, f"role {role_arn}"),
            (bucket_policies, f"policy of the bucket {bucket}"),
        ):
            decision = verdict(policies, question)
            if decision != "Allow":
                raise AccessRefusedError(
                    f"Insufficient privileges for accessing data in S3: the {whose}"
                    f" {'denies' if decision == 'Deny' else 'does not allow'} {action} on {question.resource}. Attach"
                    " policies that allow it to the Amazon S3 bucket and to the Amazon Personalize service role."
                )


def check_action(iam: Any, role_arn: str, action: str, job_arn: str = "") -> None:
    """May Amazon Personalize, taking a role, do what has no resource of its own, such as `cloudwatch:PutMetricData`?

    :raises AccessRefusedError: naming the role, the action and what to change.
    """
    context = _context(role_arn, job_arn)
    policies = _assumed(iam, role_arn, context)
    if verdict(policies, Question(action, "*", (SERVICE, role_arn, _root(role_arn)), context)) != "Allow":
        raise AccessRefusedError(
            f"Insufficient privileges: the role {role_arn} does not allow {action}. Attach a policy that does."
        )


def _context(role_arn: str, job_arn: str) -> dict[str, str]:
    """What conditions of policies may ask about."""
    context = {"aws:SecureTransport": "true", "aws:PrincipalArn": role_arn}
    if job_arn:
        context |= {"aws:SourceArn": job_arn, "aws:SourceAccount": job_arn.split(":")[4]}
    return context


def _assumed(iam: Any, role_arn: str, context: Mapping[str, str]) -> list[Policy]:
    """The policies of a role that the service can take.

    :raises AccessRefusedError: if it can't.
    """
    role = _role(iam, role_arn)
    assume = Question("sts:AssumeRole", principals=(SERVICE,), context=context)
    if verdict([{**role["AssumeRolePolicyDocument"]}], assume) != "Allow":
        raise AccessRefusedError(
            f"Amazon Personalize can't assume the role {role_arn}. Its trust policy must allow {SERVICE} to call"
            " sts:AssumeRole."
        )
    return list(_policies_of(iam, role))


def _role(iam: Any, role_arn: str) -> Mapping[str, Any]:
    name = role_arn.rsplit("/", 1)[-1]
    try:
        role: Mapping[str, Any] | None = iam.get_role(RoleName=name)["Role"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        role = None
    if role is None or role["Arn"] != role_arn:
        raise AccessRefusedError(
            f"The role {role_arn} does not exist, or Amazon Personalize can't assume it."
        )
    return role


def _policies_of(iam: Any, role: Mapping[str, Any]) -> Iterator[Policy]:
    """The inline and the attached policies of a role."""
    name = role["RoleName"]
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=name):
        for policy in page["PolicyNames"]:
            yield iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name):
        for attached in page["AttachedPolicies"]:
            version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
            answer = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)
            yield answer["PolicyVersion"]["Document"]


def _bucket_policy(s3: Any, bucket: str, location: str) -> Policy:
    try:
        policy: Policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "NoSuchBucketPolicy":
            return {}
        raise AccessRefusedError(
            f"Amazon Personalize can't access {location}: {error.response['Error']['Message']} ({code})."
        ) from None
    return policy


def _root(role_arn: str) -> str:
    """The role's account, which a bucket's policy may name instead of the role."""
    return f"arn:aws:iam::{role_arn.split(':')[4]}:root"
