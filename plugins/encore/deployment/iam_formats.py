"""Permissions as JSON, as a CloudFormation template, and as a Terraform module in Terraform's JSON syntax."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from encore.config.models import Pipeline
from encore.deployment.iam import Permissions, Scope, Statement, permissions, policy

#: IAM counts the characters of a managed policy without white space.
MAX_POLICY_CHARACTERS = 6144
_SCOPEHOLDER = re.compile(r"\$\{[^}]*\}")
_LONGEST_VALUE = "ap-southeast-1"  # of the regions, accounts and partitions that placeholders stand for

CLOUDFORMATION = Scope("${AWS::Region}", "${AWS::AccountId}", "${AWS::Partition}")
TERRAFORM = Scope(
    "${data.aws_region.this.id}",
    "${data.aws_caller_identity.this.account_id}",
    "${data.aws_partition.this.partition}",
)


def as_json(pipeline: Pipeline, scope: Scope, kms_key: str | None = None) -> dict[str, Any]:
    """The documents themselves, to paste or to read."""
    needed = permissions(pipeline, scope, kms_key)
    documents: dict[str, Any] = {
        "dags": [policy(part) for part in split(needed.dags)],
        "doctor": policy(needed.doctor),
        "roles": {
            name: {"trust": role.trust, "policy": policy(role.statements)}
            for name, role in needed.roles.items()
        },
        "buckets": {name: policy(statements) for name, statements in needed.buckets.items()},
    }
    return {**documents, "key": policy(needed.key)} if needed.key else documents


def split(statements: Sequence[Statement]) -> list[list[Statement]]:
    """Statements by the policies that they fit into, in their order."""
    parts: list[list[Statement]] = [[]]
    for statement in statements:
        longer = [*parts[-1], statement]
        if parts[-1] and _characters(longer) > MAX_POLICY_CHARACTERS:
            parts.append([statement])
        else:
            parts[-1] = longer
    return parts


def _characters(statements: Sequence[Statement]) -> int:
    return len(_SCOPEHOLDER.sub(_LONGEST_VALUE, _text(policy(statements))))


def as_cloudformation(pipeline: Pipeline, kms_key: str | None = None, bucket: bool = False) -> dict[str, Any]:
    """A template with the policies, the role, and the bucket's policy.

    :param bucket: also with the bucket, encrypted and closed to the public
    """
    needed = permissions(pipeline, CLOUDFORMATION, kms_key)
    resources: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    for name, statements in _policies(needed):
        resources[name] = {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "Description": _describe(name),
                "PolicyDocument": _substituted(policy(statements)),
            },
        }
        outputs[name] = {"Description": _describe(name), "Value": {"Ref": name}}
    for name, role in needed.roles.items():
        own = {"PolicyName": "bucket", "PolicyDocument": _substituted(policy(role.statements))}
        resources[_identifier("Role", name)] = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": name,
                "AssumeRolePolicyDocument": _substituted(role.trust),
                "Policies": [own],
            },
        }
    for name, statements in needed.buckets.items():
        of_bucket: Any = name
        if bucket:
            resources[_identifier("Bucket", name)] = _cloudformation_bucket(name, kms_key)
            of_bucket = {"Ref": _identifier("Bucket", name)}
        resources[_identifier("BucketPolicy", name)] = {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": of_bucket, "PolicyDocument": _substituted(policy(statements))},
        }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "What Encore's pipeline file needs of IAM. Attach the policies to Airflow's role.",
        "Resources": resources,
        "Outputs": outputs,
    }


def as_terraform(pipeline: Pipeline, kms_key: str | None = None, bucket: bool = False) -> dict[str, Any]:
    """A module, as `main.tf.json`: the same."""
    needed = permissions(pipeline, TERRAFORM, kms_key)
    policies = {
        _snake(name): {
            "name_prefix": f"{name}-",
            "description": _describe(name),
            "policy": _text(policy(statements)),
        }
        for name, statements in _policies(needed)
    }
    resources: dict[str, Any] = {"aws_iam_policy": policies, "aws_iam_role": {}, "aws_iam_role_policy": {}}
    for name, role in needed.roles.items():
        key = _snake(_identifier("", name))
        resources["aws_iam_role"][key] = {"name": name, "assume_role_policy": _text(role.trust)}
        resources["aws_iam_role_policy"][key] = {
            "name": "bucket",
            "role": f"${{aws_iam_role.{key}.id}}",
            "policy": _text(policy(role.statements)),
        }
    for name, statements in needed.buckets.items():
        key = _snake(_identifier("", name))
        reference = name
        if bucket:
            _add_terraform_bucket(resources, key, name, kms_key)
            reference = f"${{aws_s3_bucket.{key}.id}}"
        of_bucket = {"bucket": reference, "policy": _text(policy(statements))}
        resources.setdefault("aws_s3_bucket_policy", {})[key] = of_bucket
    outputs = {
        name: {"description": policies[name]["description"], "value": f"${{aws_iam_policy.{name}.arn}}"}
        for name in policies
    }
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}}},
        "data": {
            "aws_caller_identity": {"this": {}},
            "aws_partition": {"this": {}},
            "aws_region": {"this": {}},
        },
        "resource": resources,
        "output": outputs,
    }


def _policies(needed: Permissions) -> Iterator[tuple[str, list[Statement]]]:
    """The managed policies by name."""
    parts = split(needed.dags)
    for number, statements in enumerate(parts, start=1):
        yield (f"EncoreDags{number}" if len(parts) > 1 else "EncoreDags"), statements
    yield "EncoreDoctor", needed.doctor


def _describe(name: str) -> str:
    if name == "EncoreDoctor":
        return "What encore doctor, plan and adopt look at beyond what the DAGs may"
    return "What the DAGs of Encore's pipeline file do"


def _cloudformation_bucket(name: str, kms_key: str | None) -> dict[str, Any]:
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms_key} if kms_key else {"SSEAlgorithm": "AES256"}
    everything = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketName": name,
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": rule}]
            },
            "PublicAccessBlockConfiguration": dict.fromkeys(everything, True),
        },
    }


def _add_terraform_bucket(resources: dict[str, Any], key: str, name: str, kms_key: str | None) -> None:
    rule = (
        {"sse_algorithm": "aws:kms", "kms_master_key_id": kms_key} if kms_key else {"sse_algorithm": "AES256"}
    )
    everything = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    reference = {"bucket": f"${{aws_s3_bucket.{key}.id}}"}
    resources.setdefault("aws_s3_bucket", {})[key] = {"bucket": name, "lifecycle": {"prevent_destroy": True}}
    resources.setdefault("aws_s3_bucket_server_side_encryption_configuration", {})[key] = {
        **reference,
        "rule": {"apply_server_side_encryption_by_default": rule},
    }
    resources.setdefault("aws_s3_bucket_public_access_block", {})[key] = {
        **reference,
        **dict.fromkeys(everything, True),
    }


def _substituted(value: Any) -> Any:
    """The same with CloudFormation's function around each text that holds a placeholder; keys can't hold any."""
    return _mapped(value, lambda text: {"Fn::Sub": text} if "${" in text else text)


def _mapped(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _mapped(entry, change) for key, entry in value.items()}
    if isinstance(value, list):
        return [_mapped(entry, change) for entry in value]
    return change(value) if isinstance(value, str) else value


def _text(document: Any) -> str:
    """A document as Terraform's resources take it; its placeholders are Terraform's own."""
    return json.dumps(document, separators=(",", ":"))


def _identifier(kind: str, name: str) -> str:
    return kind + "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
