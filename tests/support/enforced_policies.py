"""Clients of this process under IAM policies: a request that they don't allow gets AWS's AccessDenied.

localpersonalize has one key pair, that of the account's owner, so who calls is enforced here. Which resources an action
is about comes from cfn-lint's copy of AWS's service authorization reference, not from what is tested.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any
from unittest.mock import patch

import botocore.client
from botocore.exceptions import ClientError

from localpersonalize.aws.iam_policies import Question, verdict
from tests.support.operator_runs import REGION

ACCOUNT = "123456789012"
S3_ACTIONS = {
    "ListObjectsV2": ("ListBucket",),
    "HeadBucket": ("ListBucket",),
    "ListMultipartUploads": ("ListBucketMultipartUploads",),
    "HeadObject": ("GetObject",),
    "CopyObject": ("GetObject", "PutObject"),
    "CreateMultipartUpload": ("PutObject",),
    "UploadPart": ("PutObject",),
    "CompleteMultipartUpload": ("PutObject",),
    "DeleteObjects": ("DeleteObject",),
}


class EnforcedPolicies:
    """Holds every boto3 client of this process to `statements` while it is entered; `used`: the actions asked for."""

    def __init__(
        self, statements: Sequence[Mapping[str, Any]], looking: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """
        :param looking: what is allowed besides, to who only looks at the policies of others
        """
        self.statements, self.looking = list(statements), list(looking)
        self.used: set[str] = set()

    def __enter__(self) -> EnforcedPolicies:
        original = botocore.client.BaseClient._make_api_call

        def call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
            if operation in ("SimulatePrincipalPolicy", "SimulateCustomPolicy"):
                return self._simulate(client, parameters, original)
            for question in questions(client, operation, parameters, original):
                self.used.add(question.action)
                if verdict([{"Statement": self.statements + self.looking}], question) != "Allow":
                    raise _denied(operation, question)
            return original(client, operation, parameters)

        self._patch = patch.object(botocore.client.BaseClient, "_make_api_call", call)
        self._patch.start()
        return self

    def _simulate(self, client: Any, parameters: Mapping[str, Any], call: Any) -> dict[str, Any]:
        """IAM's simulator, which moto has not: of a role by its own policies, of any other user by `statements`."""
        policies = [json.loads(text) for text in parameters.get("PolicyInputList", [])]
        source = parameters.get("PolicySourceArn", "")
        if ":role/" in source:
            policies = _of_role(client, source.rsplit("/", 1)[-1], call)
        elif source:
            policies = [{"Statement": self.statements}]
        context = {
            entry["ContextKeyName"]: entry["ContextKeyValues"][0] for entry in parameters["ContextEntries"]
        }
        results = []
        for action in parameters["ActionNames"]:
            for arn in parameters["ResourceArns"]:
                allowed = verdict(policies, Question(action, arn, context=context)) == "Allow"
                decision = "allowed" if allowed else "implicitDeny"
                results.append({"EvalActionName": action, "EvalResourceName": arn, "EvalDecision": decision})
        return {"EvaluationResults": results}

    def __exit__(self, *_: Any) -> None:
        self._patch.stop()


def _of_role(client: Any, role: str, call: Any) -> list[Any]:
    names = call(client, "ListRolePolicies", {"RoleName": role})["PolicyNames"]
    return [
        call(client, "GetRolePolicy", {"RoleName": role, "PolicyName": name})["PolicyDocument"]
        for name in names
    ]


def questions(client: Any, operation: str, parameters: Mapping[str, Any], call: Any) -> Iterator[Question]:
    """What IAM is asked about a request: each action on each resource."""
    service = client.meta.service_model.signing_name
    if service == "s3":
        yield from _of_s3(operation, parameters)
    elif service == "personalize":
        yield from _of_personalize(client, operation, parameters, call)
    elif service == "iam":
        role = parameters.get("RoleName")
        yield Question(f"iam:{operation}", f"arn:aws:iam::{ACCOUNT}:role/{role}" if role else "*")
    elif service != "sts":
        yield Question(f"{'cloudwatch' if service == 'monitoring' else service}:{operation}")


def _of_s3(operation: str, parameters: Mapping[str, Any]) -> Iterator[Question]:
    bucket = f"arn:aws:s3:::{parameters['Bucket']}"
    keys = [parameters["Key"]] if "Key" in parameters else []
    keys += [entry["Key"] for entry in parameters.get("Delete", {}).get("Objects", [])]
    context = {"s3:prefix": parameters["Prefix"]} if "Prefix" in parameters else {}
    for action in S3_ACTIONS.get(operation, (operation,)):
        on_objects = "Object" in action or action == "AbortMultipartUpload"
        for resource in [f"{bucket}/{key}" for key in keys] if on_objects else [bucket]:
            yield Question(f"s3:{action}", resource, context=context)


def _of_personalize(
    client: Any, operation: str, parameters: Mapping[str, Any], call: Any
) -> Iterator[Question]:
    arns = _arns(operation, parameters)
    kinds = _resource_kinds()[operation.lower()]
    action = f"personalize:{operation}"
    if not kinds:
        yield Question(action)
    named = [arn for arn in arns if not kinds or _kind(arn) in kinds]
    assert named or not kinds, f"{operation} is about {kinds}, and none is in {parameters}"
    for arn in named if kinds else []:
        context = {}
        if operation.startswith("Delete") and _kind(arn) != "schema":
            answer = call(client, "ListTagsForResource", {"resourceArn": arn})
            context = {f"aws:ResourceTag/{tag['tagKey']}": tag["tagValue"] for tag in answer.get("tags", [])}
        yield Question(action, arn, context=context)
    if parameters.get("tags"):
        yield Question("personalize:TagResource", arns[-1])
    if "roleArn" in parameters:
        only = {"iam:PassedToService": "personalize.amazonaws.com"}
        yield Question("iam:PassRole", parameters["roleArn"], context=only)


def _arns(operation: str, parameters: Mapping[str, Any]) -> list[str]:
    """What a request names, and last what it makes."""
    arns = [value for name, value in parameters.items() if name.lower().endswith("arn") and name != "roleArn"]
    if operation.startswith("Create"):
        kind = "".join(f"-{c.lower()}" if c.isupper() else c for c in operation.removeprefix("Create"))[1:]
        name = parameters.get("jobName") or parameters.get("name")
        if kind == "dataset":
            name = f"{parameters['datasetGroupArn'].rsplit('/', 1)[-1]}/{parameters['datasetType'].upper()}"
        arns.append(f"arn:aws:personalize:{REGION}:{ACCOUNT}:{kind}/{name}")
    return arns


def _kind(arn: str) -> str:
    """`datasetgroup` of arn:...:dataset-group/name, as the reference has it in lower case."""
    return arn.split(":", 5)[5].split("/")[0].replace("-", "")


@cache
def _resource_kinds() -> dict[str, list[str]]:
    """The kinds of resources that an action of Personalize knows."""
    file = resources.files("cfnlint").joinpath("data/AdditionalSpecs/Policies.json")
    actions = json.loads(file.read_text())["personalize"]["Actions"]
    return {name: [kind.lower() for kind in action.get("Resources", [])] for name, action in actions.items()}


def _denied(operation: str, question: Question) -> ClientError:
    message = f"User is not authorized to perform: {question.action} on resource: {question.resource}"
    code = "AccessDenied" if question.action.startswith(("s3:", "iam:")) else "AccessDeniedException"
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return ClientError(answer, operation)
