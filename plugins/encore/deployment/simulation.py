"""Do policies allow what is needed? Asked of IAM's own simulator, statement by statement."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from encore.deployment.iam import SERVICE, Statement
from encore.deployment.surroundings import NotAllowedError

Simulate = Callable[..., Mapping[str, Any]]


def identity_of(caller_arn: str) -> str:
    """The user or role behind who calls: a session of a role is simulated as the role."""
    parts = caller_arn.split(":", 5)
    if parts[5].startswith("assumed-role/"):
        return f"arn:{parts[1]}:iam::{parts[4]}:role/{parts[5].split('/')[1]}"
    return caller_arn


def refused_to(iam: Any, arn: str, statements: Iterable[Statement]) -> Iterator[str]:
    """What the policies of a user or role don't allow of statements: an action on a resource each.

    :raises NotAllowedError: if IAM's simulator can't be asked
    """
    for statement in statements:
        yield from _refused(
            lambda **question: iam.simulate_principal_policy(PolicySourceArn=arn, **question), statement
        )


def refused_by_bucket(
    iam: Any, document: str, role_arn: str, statements: Iterable[Statement]
) -> Iterator[str]:
    """What a bucket's policy doesn't allow Personalize, for the service or for its role.

    :raises NotAllowedError: if IAM's simulator can't be asked
    """
    ours = [
        _without_principal(entry)
        for entry in _list(json.loads(document)["Statement"])
        if _is_for(entry, role_arn)
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": ours})
    for statement in statements:
        if not ours:
            yield from (f"{action} on {statement['Resource'][0]}" for action in statement["Action"])
            continue
        yield from _refused(
            lambda **question: iam.simulate_custom_policy(PolicyInputList=[policy], **question), statement
        )


def _refused(simulate: Simulate, statement: Statement) -> Iterator[str]:
    question = {
        "ActionNames": statement["Action"],
        "ResourceArns": statement["Resource"],
        "ContextEntries": _context(statement),
    }
    try:
        results = simulate(**question)["EvaluationResults"]
    except ClientError as error:
        raise NotAllowedError(
            f"IAM's simulator was not asked: {error.response['Error']['Message'] or error}"
        ) from error
    for result in results:
        if result["EvalDecision"] != "allowed":
            yield f"{result['EvalActionName']} on {result['EvalResourceName']}"


def _context(statement: Statement) -> list[dict[str, Any]]:
    """What a request has to say for the statement's conditions to hold."""
    return [
        {"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": _list(value)}
        for test in statement.get("Condition", {}).values()
        for key, value in test.items()
    ]


def _is_for(statement: Mapping[str, Any], role_arn: str) -> bool:
    principal = statement.get("Principal", {})
    if principal == "*":
        return True
    named = [entry for entries in principal.values() for entry in _list(entries)]
    return bool({SERVICE, role_arn, "*", f"arn:aws:iam::{role_arn.split(':')[4]}:root"} & set(named))


def _without_principal(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key not in ("Principal", "NotPrincipal")}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
