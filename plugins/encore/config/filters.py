"""The filters of the pipeline file, held against the grammar, the schemas of their group and the service's quotas.

Source: the developer guide, "Filter expressions" and "Amazon Personalize endpoints and quotas".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from airflow_personalize.export.exceptions import SchemaError
from airflow_personalize.export.schema.avro import DatasetSchema, Field, load_schema
from encore.config.filter_expressions import (
    Condition,
    Expression,
    FieldName,
    FilterExpressionError,
    Token,
    Value,
    parse,
)
from encore.config.models import DatasetGroup, Pipeline
from encore.config.problems import Location, Problem

MOST_FIELDS, MOST_FIELDS_OF_GROUP, MOST_PARAMETERS = 5, 10, 25
HISTORIES = ("Interactions", "Action_Interactions")
#: What a filter selects -> the datasets that its conditions may ask.
_ALLOWED = {
    "ItemID": ("Items", "Interactions"),
    "UserID": ("Users", "Interactions"),
    "ActionID": ("Actions", "Action_Interactions"),
}
_DATASETS = {"CurrentUser": "USERS", "CurrentItem": "ITEMS"}
Schemas = Mapping[str, DatasetSchema]


def filter_problems(pipeline: Pipeline, include: Path) -> Iterator[Problem]:
    """What the service would refuse of each filter."""
    for number, group in enumerate(pipeline.dataset_groups):
        at: Location = ("dataset_groups", number, "filters")
        schemas = _schemas(group, include)
        if schemas is None:
            continue
        fields: set[str] = set()
        for position, filter_ in enumerate(group.filters):
            here = (*at, position, "expression")
            try:
                expressions = check_expression(filter_.expression, schemas)
            except FilterExpressionError as error:
                yield Problem(here, str(error))
                continue
            fields |= _fields(expressions)
        if len(fields) > MOST_FIELDS_OF_GROUP:
            named = ", ".join(sorted(fields))
            yield Problem(
                at, f"use {len(fields)} fields together ({named}), the service takes {MOST_FIELDS_OF_GROUP}"
            )


def check_expression(text: str, schemas: Schemas) -> list[Expression]:
    """The parsed expression.

    :param schemas: of the group's datasets, by their type in upper case
    :raises FilterExpressionError: it is none, or it can't run on datasets with these schemas
    """
    expressions = parse(text)
    for expression in expressions:
        _check_sources(expression)
        for condition in (*expression.conditions, *expression.only_if):
            _check_condition(condition, schemas)
    if len(fields := _fields(expressions)) > MOST_FIELDS:
        raise FilterExpressionError(f"{len(fields)} fields, the service takes {MOST_FIELDS} in a filter", 1)
    if len(parameters := _parameters(expressions)) > MOST_PARAMETERS:
        raise FilterExpressionError(f"{len(parameters)} parameters, the service takes {MOST_PARAMETERS}", 1)
    return expressions


def _schemas(group: DatasetGroup, include: Path) -> Schemas | None:
    """None where a schema is no schema, which is named by the check of schemas."""
    try:
        return {
            kind.upper(): load_schema(include / dataset.avro_schema)
            for kind, dataset in group.datasets.items()
        }
    except (SchemaError, UnicodeDecodeError):
        return None


def _check_sources(expression: Expression) -> None:
    first = expression.conditions[0].field.source
    allowed = _ALLOWED[expression.target]
    for condition in expression.conditions:
        source, column = condition.field.source, condition.field.column
        if source == "CurrentUser":
            raise FilterExpressionError("CurrentUser can only be asked after IF, at the end", column)
        if source not in allowed:
            raise FilterExpressionError(f"{expression.target} is filtered by {' or '.join(allowed)}", column)
        if source != first:
            raise FilterExpressionError(
                f"one expression asks one dataset, and this one began with {first}: chain a second one by '|'",
                column,
            )
    for condition in expression.only_if:
        if condition.field.source != "CurrentUser":
            raise FilterExpressionError(
                "only fields of CurrentUser can come after IF", condition.field.column
            )
        if expression.target == "UserID":
            raise FilterExpressionError("IF CurrentUser can't filter users", condition.field.column)


def _check_condition(condition: Condition, schemas: Schemas) -> None:
    field, operator = condition.field, condition.operator
    if field.source in HISTORIES:
        if field.name != "EVENT_TYPE":
            raise FilterExpressionError(f"{field.source} is only filtered by EVENT_TYPE", field.column)
        if operator not in {"IN", "NOT IN"}:
            raise FilterExpressionError("EVENT_TYPE is matched by IN or NOT IN", field.column)
        is_text = True
    else:
        is_text = _is_text(field, schemas)
        if is_text and operator in {"<", "<=", ">", ">="}:
            raise FilterExpressionError(f"{field} is a text, which has no size: use IN", field.column)
    for value in condition.values:
        _check_value(condition, value, is_text, schemas)


def _check_value(condition: Condition, value: Value, is_text: bool, schemas: Schemas) -> None:
    field = condition.field
    if isinstance(value, FieldName):
        if value.source != "CurrentItem":
            raise FilterExpressionError("a value can come from CurrentItem alone", value.column)
        if _is_text(value, schemas) != is_text:
            raise FilterExpressionError(f"{field} and {value} are of different types", value.column)
    elif value.kind == "parameter":
        if condition.operator == "NOT IN":
            raise FilterExpressionError(
                "parameters don't go with NOT IN: use IN with the opposite of INCLUDE or EXCLUDE",
                value.column,
            )
    elif value.text == "*":
        if field.source not in HISTORIES:
            raise FilterExpressionError("* is for the EVENT_TYPE of interactions alone", value.column)
    elif (value.kind == "string") != is_text:
        kind = "a text" if is_text else "a number"
        raise FilterExpressionError(f"{field} is {kind}, and {value.text} is none", value.column)


def _is_text(field: FieldName, schemas: Schemas) -> bool:
    """Whether a field holds texts; otherwise it holds numbers."""
    kind = _DATASETS.get(field.source, field.source.upper())
    schema = schemas.get(kind)
    if schema is None:
        raise FilterExpressionError(f"the group has no {kind.title()} dataset", field.column)
    declared: Field | None = schema.field(field.name)
    if declared is None:
        named = ", ".join(known.canonical for known in schema.fields)
        raise FilterExpressionError(f"{kind.title()} has no field {field.name}, only {named}", field.column)
    if declared.textual or declared.type == "boolean":
        what = "free text" if declared.textual else "boolean"
        raise FilterExpressionError(f"{field} is {what}, which can't be filtered", field.column)
    return declared.type == "string"


def _fields(expressions: list[Expression]) -> set[str]:
    """The fields of datasets that are asked."""
    conditions = [
        condition for expression in expressions for condition in (*expression.conditions, *expression.only_if)
    ]
    fields = [condition.field for condition in conditions]
    fields += [
        value for condition in conditions for value in condition.values if isinstance(value, FieldName)
    ]
    return {f"{_DATASETS.get(field.source, field.source.upper())}.{field.name}" for field in fields}


def _parameters(expressions: list[Expression]) -> set[str]:
    conditions = [
        condition for expression in expressions for condition in (*expression.conditions, *expression.only_if)
    ]
    tokens = [value for condition in conditions for value in condition.values if isinstance(value, Token)]
    return {token.text.strip('"') for token in tokens if token.kind == "parameter"}
