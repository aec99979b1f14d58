"""Policies of IAM and S3: do their statements allow an action?

Source: "Policy evaluation logic" and "IAM JSON policy elements" of the IAM user guide. An explicit Deny wins; what no
statement allows is denied. A condition on a key that the request does not have is met only by `...IfExists` and by
negated operators, as there.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Policy = Mapping[str, Any]

_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": str.__eq__,
    "stringequalsignorecase": lambda wanted, given: wanted.lower() == given.lower(),
    "stringlike": lambda wanted, given: _like(wanted, given),
    "arnequals": lambda wanted, given: _like(wanted, given),
    "arnlike": lambda wanted, given: _like(wanted, given),
    "bool": lambda wanted, given: wanted.lower() == given.lower(),
}


@dataclass(frozen=True)
class Question:
    """May one of `principals` (ARNs and service names that stand for who asks) do `action` on `resource`?"""

    action: str
    resource: str = "*"
    principals: tuple[str, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)


def verdict(policies: Iterable[Policy], question: Question) -> str:
    """`Allow`, `Deny`, or `None` if no statement speaks of it."""
    found = {
        statement.get("Effect", "Deny")
        for policy in policies
        for statement in _several(policy.get("Statement", ()))
        if _speaks_of(statement, question)
    }
    return "Deny" if "Deny" in found else "Allow" if "Allow" in found else "None"


def _speaks_of(statement: Mapping[str, Any], question: Question) -> bool:
    return (
        _names(statement, "Action", question.action.lower(), str.lower)
        and _names(statement, "Resource", question.resource, str)
        and _is_for(statement, question.principals)
        and all(
            _holds(operator, tests, question.context)
            for operator, tests in statement.get("Condition", {}).items()
        )
    )


def _names(statement: Mapping[str, Any], element: str, value: str, normalised: Callable[[str], str]) -> bool:
    """Whether an element, or its negation (NotAction, NotResource), covers a value; absent covers all."""
    for name, wanted in ((element, True), (f"Not{element}", False)):
        if name in statement:
            covered = any(_like(normalised(pattern), value) for pattern in _several(statement[name]))
            return covered is wanted
    return True


def _is_for(statement: Mapping[str, Any], principals: tuple[str, ...]) -> bool:
    """Identity policies name no principal: they are for whom they are attached to."""
    for name, wanted in (("Principal", True), ("NotPrincipal", False)):
        if name in statement:
            named = statement[name]
            listed = (
                [named]
                if isinstance(named, str)
                else [entry for group in named.values() for entry in _several(group)]
            )
            return any(entry == "*" or entry in principals for entry in listed) is wanted
    return True


def _holds(operator: str, tests: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    plain = re.sub(r"ifexists$", "", operator.lower().rsplit(":", 1)[-1])
    negated, base = "not" in plain, plain.replace("not", "", 1)
    given = {key.lower(): value for key, value in context.items()}
    for key, wanted in tests.items():
        value = given.get(key.lower())
        if base == "null":
            met = any((text.lower() == "true") is (value is None) for text in _several(wanted))
        elif value is None:
            met = negated or operator.lower().endswith("ifexists")
        else:
            compare = _OPERATORS.get(base)
            met = (
                compare is not None and any(compare(text, value) for text in _several(wanted)) is not negated
            )
        if not met:
            return False
    return True


def _several(value: Any) -> list[Any]:
    """Elements of policies may be one or a list; JSON's true and 1 count as their text."""
    values = value if isinstance(value, list | tuple) else [value]
    return [str(entry).lower() if isinstance(entry, bool) else entry for entry in values]


def _like(pattern: str, value: str) -> bool:
    """`*` and `?` only: brackets are no wildcards in policies."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))
