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
    "stringequalsignorecase": lambda wanted, value: wanted.lower() == value.lower(),
    "stringlike": lambda wanted, value: _like(wanted, value),
    "arnequals": lambda wanted, value: _like(wanted, value),
    "arnlike": lambda wanted, value: _like(wanted, value),
    "bool": lambda wanted, value: wanted.lower() == value.lower(),
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
    effects = {
        statement.get("Effect", "Deny")
        for policy in policies
        for statement in _as_list(policy.get("Statement", ()))
        if _applies(statement, question)
    }
    return "Deny" if "Deny" in effects else "Allow" if "Allow" in effects else "None"


def _applies(statement: Mapping[str, Any], question: Question) -> bool:
    return (
        _covers(statement, "Action", question.action.lower(), str.lower)
        and _covers(statement, "Resource", question.resource, str)
        and _is_for_one_of(statement, question.principals)
        and all(
            _condition_holds(operator, tests, question.context)
            for operator, tests in statement.get("Condition", {}).items()
        )
    )


def _covers(statement: Mapping[str, Any], element: str, value: str, normalised: Callable[[str], str]) -> bool:
    """Whether an element, or its negation (NotAction, NotResource), covers a value; absent covers all."""
    for name, wanted in ((element, True), (f"Not{element}", False)):
        if name in statement:
            covered = any(_like(normalised(pattern), value) for pattern in _as_list(statement[name]))
            return covered is wanted
    return True


def _is_for_one_of(statement: Mapping[str, Any], principals: tuple[str, ...]) -> bool:
    """Identity policies name no principal: they are for whom they are attached to."""
    for name, wanted in (("Principal", True), ("NotPrincipal", False)):
        if name in statement:
            named = statement[name]
            listed = (
                [named]
                if isinstance(named, str)
                else [entry for group in named.values() for entry in _as_list(group)]
            )
            return any(entry == "*" or entry in principals for entry in listed) is wanted
    return True


def _condition_holds(operator: str, tests: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    plain = re.sub(r"ifexists$", "", operator.lower().rsplit(":", 1)[-1])
    negated, base = "not" in plain, plain.replace("not", "", 1)
    values = {key.lower(): value for key, value in context.items()}
    for key, wanted in tests.items():
        value = values.get(key.lower())
        if base == "null":
            met = any((text.lower() == "true") is (value is None) for text in _as_list(wanted))
        elif value is None:
            met = negated or operator.lower().endswith("ifexists")
        else:
            compare = _OPERATORS.get(base)
            met = (
                compare is not None and any(compare(text, value) for text in _as_list(wanted)) is not negated
            )
        if not met:
            return False
    return True


def _as_list(value: Any) -> list[Any]:
    """Elements of policies may be one or a list; JSON's true and 1 count as their text."""
    values = value if isinstance(value, list | tuple) else [value]
    return [str(entry).lower() if isinstance(entry, bool) else entry for entry in values]


def _like(pattern: str, value: str) -> bool:
    """`*` and `?` only: brackets are no wildcards in policies."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))
