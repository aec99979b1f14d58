"""The meaning of a filter expression, as frozen values; no data, no parameters yet.

A filter is a chain of expressions. An expression keeps or removes the items (users, actions) for which any of
its conjunctions holds: OR of ANDs, AND binding closer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    INCLUDE = "INCLUDE"
    EXCLUDE = "EXCLUDE"


class Target(StrEnum):
    """What a filter selects."""

    ITEM = "ItemID"
    USER = "UserID"
    ACTION = "ActionID"


class Source(StrEnum):
    """Where a field comes from: a dataset, or the user or item the request names."""

    INTERACTIONS = "Interactions"
    ITEMS = "Items"
    USERS = "Users"
    ACTIONS = "Actions"
    ACTION_INTERACTIONS = "Action_Interactions"
    CURRENT_USER = "CurrentUser"
    CURRENT_ITEM = "CurrentItem"

    @property
    def is_history(self) -> bool:
        """True for datasets of events, which only EVENT_TYPE can filter."""
        return self in (Source.INTERACTIONS, Source.ACTION_INTERACTIONS)

    @property
    def dataset(self) -> str:
        """Upper-case dataset type whose schema defines the fields of this source."""
        return {Source.CURRENT_USER: "USERS", Source.CURRENT_ITEM: "ITEMS"}.get(self, self.value.upper())


class Operator(StrEnum):
    IN = "IN"
    NOT_IN = "NOT IN"
    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="

    @property
    def is_negated(self) -> bool:
        """True where a row matches that has none of the values."""
        return self in (Operator.NOT_IN, Operator.NOT_EQUAL)

    @property
    def is_range(self) -> bool:
        return self in (Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL)


@dataclass(frozen=True)
class Field:
    """`source.name`; ``name`` is upper case, ``column`` is where it stands in the text (1-based)."""

    source: Source
    name: str
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}.{self.name}"


@dataclass(frozen=True)
class Parameter:
    """A `$NAME` that the request fills; its name keeps its case."""

    name: str
    column: int = 0


@dataclass(frozen=True)
class Anything:
    """`*`: events of every type."""


Value = str | float | Parameter | Anything | Field


@dataclass(frozen=True)
class Condition:
    """`field operator values`; comparisons have exactly one value."""

    field: Field
    operator: Operator
    values: tuple[Value, ...]

    def parameters(self) -> Iterator[Parameter]:
        for value in self.values:
            if isinstance(value, Parameter):
                yield value

    def fields(self) -> Iterator[Field]:
        yield self.field
        for value in self.values:
            if isinstance(value, Field):
                yield value


@dataclass(frozen=True)
class Expression:
    """One link of the chain; ``only_if`` are the `IF CurrentUser...` conditions, all of which must hold."""

    action: Action
    target: Target
    any_of: tuple[tuple[Condition, ...], ...]
    only_if: tuple[Condition, ...] = ()

    def conditions(self) -> Iterator[Condition]:
        for conjunction in self.any_of:
            yield from conjunction
        yield from self.only_if


@dataclass(frozen=True)
class Filter:
    """A parsed filter expression; ``text`` is what the user wrote."""

    text: str
    expressions: tuple[Expression, ...]

    @property
    def target(self) -> Target:
        return self.expressions[0].target

    def conditions(self) -> Iterator[Condition]:
        for expression in self.expressions:
            yield from expression.conditions()

    @property
    def needs_current_item(self) -> bool:
        """Whether it compares with the item that a request names, which only requests for related items do."""
        return any(
            field.source is Source.CURRENT_ITEM
            for condition in self.conditions()
            for field in condition.fields()
        )

    def parameter_names(self) -> frozenset[str]:
        return frozenset(p.name for condition in self.conditions() for p in condition.parameters())

    def dataset_fields(self) -> frozenset[tuple[str, str]]:
        """Distinct (dataset type, field) pairs, which the service limits to 5 a filter."""
        return frozenset(
            (f.source.dataset, f.name) for condition in self.conditions() for f in condition.fields()
        )
