"""Does a filter make sense for the datasets it will run on? Asked once, when the filter is created."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from localpersonalize.runtime.filters.errors import FilterError
from localpersonalize.runtime.filters.syntax import (
    Anything,
    Condition,
    Expression,
    Field,
    Filter,
    Operator,
    Parameter,
    Source,
    Target,
)

MAX_FIELDS_PER_FILTER = 5
MAX_FIELDS_PER_DATASET_GROUP = 10
MAX_PARAMETERS = 25

_SOURCES_FOR = {
    Target.ITEM: (Source.ITEMS, Source.INTERACTIONS),
    Target.USER: (Source.USERS, Source.INTERACTIONS),
    Target.ACTION: (Source.ACTIONS, Source.ACTION_INTERACTIONS),
}


class ValueKind(Enum):
    """How values of a field compare."""

    NUMBER = "a number"
    TEXT = "a string"


def validate(
    parsed: Filter,
    schemas: Mapping[str, Mapping[str, Any]],
    other_filters: Iterable[Filter] = (),
) -> None:
    """`FilterError` unless ``parsed`` can run on datasets with these Avro ``schemas`` (by upper-case
    dataset type).

    ``other_filters`` of the dataset group count towards its quota of distinct fields. Rules: the service's
    developer guide, "Filter expressions" and "Service quotas".
    """
    for expression in parsed.expressions:
        _Check(parsed.text, schemas).expression(expression)
    fields = parsed.dataset_fields()
    if len(fields) > MAX_FIELDS_PER_FILTER:
        raise FilterError(
            f"The filter uses {len(fields)} distinct dataset fields, at most {MAX_FIELDS_PER_FILTER} allowed."
        )
    if len(parsed.parameter_names()) > MAX_PARAMETERS:
        raise FilterError(f"The filter has more than {MAX_PARAMETERS} placeholder parameters.")
    everywhere = fields.union(*(other.dataset_fields() for other in other_filters))
    if len(everywhere) > MAX_FIELDS_PER_DATASET_GROUP:
        raise FilterError(
            f"The filters of the dataset group would use {len(everywhere)} distinct dataset fields together; "
            f"at most {MAX_FIELDS_PER_DATASET_GROUP} are allowed. Delete a filter or reuse its fields."
        )


def field_kind(schema: Mapping[str, Any], name: str) -> tuple[ValueKind | None, Mapping[str, Any] | None]:
    """Kind and Avro declaration of field ``name`` (any case); (None, declaration) where it can't be
    filtered.
    """
    for declared in schema.get("fields", ()):
        if declared["name"].upper() == name:
            return _kind(declared), declared
    return None, None


def _kind(declared: Mapping[str, Any]) -> ValueKind | None:
    types = declared["type"] if isinstance(declared["type"], list) else [declared["type"]]
    names = {t if isinstance(t, str) else t.get("type") for t in types} - {"null"}
    if declared.get("textual") or "boolean" in names:
        return None
    return ValueKind.TEXT if names <= {"string"} else ValueKind.NUMBER


class _Check:
    def __init__(self, text: str, schemas: Mapping[str, Mapping[str, Any]]) -> None:
        self.text = text
        self.schemas = {dataset.upper(): schema for dataset, schema in schemas.items()}

    def fail(self, reason: str, column: int) -> FilterError:
        return FilterError(reason, self.text, column)

    def expression(self, expression: Expression) -> None:
        allowed = _SOURCES_FOR[expression.target]
        first = expression.any_of[0][0].field
        for conjunction in expression.any_of:
            for condition in conjunction:
                self._source(condition.field, first, expression.target, allowed)
                self._condition(condition)
        for condition in expression.only_if:
            if condition.field.source is not Source.CURRENT_USER:
                raise self.fail("IF can only check fields of CurrentUser.", condition.field.column)
            self._condition(condition)
        if expression.only_if and expression.target is Target.USER:
            raise self.fail(
                "IF CurrentUser can't be used to filter users.", expression.only_if[0].field.column
            )

    def _source(self, field: Field, first: Field, target: Target, allowed: tuple[Source, ...]) -> None:
        if field.source is Source.CURRENT_USER:
            raise self.fail("CurrentUser can only be used in an IF condition at the end.", field.column)
        if field.source not in allowed:
            raise self.fail(
                f"{target} is filtered by {' or '.join(allowed)}, not {field.source}.", field.column
            )
        if field.source is not first.source:
            raise self.fail(
                f"an expression can use one dataset only, and this one began with {first.source}; "
                f"chain a second expression with '|' to filter by {field.source} too.",
                field.column,
            )

    def _condition(self, condition: Condition) -> None:
        field = condition.field
        if field.source.is_history:
            self._event_type(condition)
            return
        kind = self._kind(field)
        if condition.operator.is_range and kind is ValueKind.TEXT:
            raise self.fail(
                f"{field} is a string; only numbers can be compared by size. Use IN.", field.column
            )
        for value in condition.values:
            self._value(condition, kind, value)

    def _event_type(self, condition: Condition) -> None:
        field = condition.field
        if field.name != "EVENT_TYPE":
            raise self.fail(f"{field.source} can only be filtered by EVENT_TYPE.", field.column)
        if condition.operator not in (Operator.IN, Operator.NOT_IN):
            raise self.fail("EVENT_TYPE is matched by IN or NOT IN.", field.column)
        for value in condition.values:
            self._value(condition, ValueKind.TEXT, value)

    def _value(self, condition: Condition, kind: ValueKind, value: object) -> None:
        field = condition.field
        if isinstance(value, Parameter):
            if condition.operator is Operator.NOT_IN:
                raise self.fail(
                    "Placeholders can't be used with NOT IN. Use IN with the opposite of INCLUDE or EXCLUDE.",
                    value.column,
                )
        elif isinstance(value, Anything):
            if not field.source.is_history:
                raise self.fail("* can only be used for the EVENT_TYPE of interactions.", field.column)
        elif isinstance(value, Field):
            if value.source is not Source.CURRENT_ITEM:
                raise self.fail(f"a value can come from CurrentItem, not from {value.source}.", value.column)
            if self._kind(value) is not kind:
                raise self.fail(f"{field} is {kind.value} and {value} isn't.", value.column)
        elif isinstance(value, str) != (kind is ValueKind.TEXT):
            literal = f'"{value}"' if isinstance(value, str) else f"{value:g}"
            raise self.fail(f"{field} is {kind.value} and can't be matched with {literal}.", field.column)

    def _kind(self, field: Field) -> ValueKind:
        schema = self.schemas.get(field.source.dataset)
        if schema is None:
            raise self.fail(f"the dataset group has no {field.source.dataset} dataset.", field.column)
        kind, declared = field_kind(schema, field.name)
        if declared is None:
            known = ", ".join(f["name"] for f in schema.get("fields", ()))
            raise self.fail(
                f"{field.source.dataset} has no field {field.name}; it has {known}.", field.column
            )
        if kind is None:
            what = "free text" if declared.get("textual") else "boolean"
            raise self.fail(f"{field} is {what}, which can't be filtered.", field.column)
        return kind
