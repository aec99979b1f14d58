"""Which items (users, actions) a filter keeps, for one request, as a bool mask."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from localpersonalize.runtime.filters.columns import Columns
from localpersonalize.runtime.filters.errors import FilterParameterError
from localpersonalize.runtime.filters.parameters import Literals
from localpersonalize.runtime.filters.syntax import (
    Action,
    Anything,
    Condition,
    Expression,
    Field,
    Filter,
    Operator,
    Parameter,
)

_COMPARE: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
}
_NO_ROWS = np.empty(0, np.int32)


@dataclass(frozen=True)
class Subject:
    """Whom and what a request is about.

    ``events``: rows of the filtered things, by event type in lower case; only those that the service's
    quota lets a filter see. ``user``: metadata of the user by upper-case field, None if there is none.
    ``item_row``: row of the request's item (`CurrentItem`), None if unknown.
    """

    events: Mapping[str, np.ndarray] = field(default_factory=dict)
    user: Mapping[str, Any] | None = None
    item_row: int | None = None


def apply_filter(
    parsed: Filter,
    columns: Columns,
    parameters: Mapping[str, Literals] | None = None,
    subject: Subject | None = None,
) -> np.ndarray | None:
    """bool [len(columns)], True where the filter lets a row through; None if it lets everything through.

    INCLUDE expressions add up, EXCLUDE expressions are subtracted from that, in whatever order they stand.
    An expression whose IF doesn't hold does nothing, nor does a condition of an EXCLUDE whose parameter was
    not given.
    """
    parameters, subject = parameters or {}, subject or Subject()
    included: np.ndarray | None = None
    excluded: np.ndarray | None = None
    for expression in parsed.expressions:
        if not _applies(expression, columns, parameters, subject):
            continue
        selected = _selected(expression, columns, parameters, subject)
        if selected is None:
            continue
        if expression.action is Action.INCLUDE:
            included = selected if included is None else included | selected
        else:
            excluded = selected if excluded is None else excluded | selected
    if excluded is None:
        return included
    return ~excluded if included is None else included & ~excluded


def _selected(
    expression: Expression, columns: Columns, parameters: Mapping[str, Literals], subject: Subject
) -> np.ndarray | None:
    """Rows for which any conjunction holds; None if every condition lacks its parameter."""
    result: np.ndarray | None = None
    for conjunction in expression.any_of:
        rows: np.ndarray | None = None
        for condition in conjunction:
            if any(p.name not in parameters for p in condition.parameters()):
                continue
            holds = _holds(condition, columns, parameters, subject)
            rows = holds if rows is None else rows & holds
        if rows is not None:
            result = rows if result is None else result | rows
    return result


def _holds(
    condition: Condition, columns: Columns, parameters: Mapping[str, Literals], subject: Subject
) -> np.ndarray:
    """bool [len(columns)] for one condition; masks that depend on metadata alone are kept in ``columns``."""
    name = condition.field.name
    if condition.field.source.is_history:
        return _happened(condition, len(columns), _literals(condition, parameters, None), subject)
    is_text = columns.is_text(name)
    literals = _literals(condition, parameters, _Current(columns, subject, is_text))
    key = (name, condition.operator, literals)
    if is_text:
        return columns.mask(key, lambda: _matches(columns, name, condition.operator, literals))
    numbers = _as_numbers(condition, literals)
    return columns.mask(key, lambda: _compares(columns.numbers(name), condition.operator, numbers))


def _happened(condition: Condition, size: int, literals: Literals | None, subject: Subject) -> np.ndarray:
    """Rows with an event whose type is in (or, for NOT IN, is not in) the list; None stands for `*`."""
    wanted = None if literals is None else {str(value).lower() for value in literals}
    negated = condition.operator.is_negated
    rows = [
        positions
        for kind, positions in subject.events.items()
        if ((wanted is None or kind in wanted) is not negated)
    ]
    mask = np.zeros(size, bool)
    mask[np.concatenate(rows) if rows else _NO_ROWS] = True
    return mask


def _matches(columns: Columns, name: str, operation: Operator, literals: Literals) -> np.ndarray:
    mask = np.zeros(len(columns), bool)
    for value in literals:
        mask[columns.rows_with(name, _text(value))] = True
    return ~mask if operation.is_negated else mask


def _compares(numbers: np.ndarray, operation: Operator, wanted: tuple[float, ...]) -> np.ndarray:
    if not operation.is_range:
        return np.isin(numbers, np.asarray(wanted, float), invert=operation.is_negated)
    if not wanted:
        return np.zeros(len(numbers), bool)
    with np.errstate(invalid="ignore"):
        mask: np.ndarray = _COMPARE[operation](numbers, wanted[0])
    return mask


def _applies(
    expression: Expression, columns: Columns, parameters: Mapping[str, Literals], subject: Subject
) -> bool:
    """Do all IF conditions hold for the current user? They don't without a parameter or without that user's
    data.
    """
    for condition in expression.only_if:
        if any(p.name not in parameters for p in condition.parameters()):
            return False
        value = (subject.user or {}).get(condition.field.name)
        if not _user_matches(condition, value, _literals(condition, parameters, None) or ()):
            return False
    return True


def _user_matches(condition: Condition, value: Any, literals: Literals) -> bool:
    if value is None:
        return condition.operator.is_negated
    if isinstance(value, str):
        held = {value, *value.split("|")}
        matches = any(_text(literal) in held for literal in literals)
        return matches is not condition.operator.is_negated
    numbers = _as_numbers(condition, literals)
    if not condition.operator.is_range:
        return (float(value) in numbers) is not condition.operator.is_negated
    return bool(_COMPARE[condition.operator](float(value), numbers[0]))


@dataclass(frozen=True)
class _Current:
    """Values of `CurrentItem.field`."""

    columns: Columns
    subject: Subject
    as_text: bool

    def values(self, wanted: Field) -> Literals:
        row = self.subject.item_row
        if row is None:
            return ()
        if self.as_text:
            return self.columns.elements(row, wanted.name)
        number = float(self.columns.numbers(wanted.name)[row])
        return () if np.isnan(number) else (number,)


def _literals(condition: Condition, parameters: Mapping[str, Literals], current: _Current | None) -> Any:
    """All values a condition compares with, parameters filled in; None for `*`."""
    literals: list[str | float] = []
    for value in condition.values:
        if isinstance(value, Anything):
            return None
        if isinstance(value, Parameter):
            literals.extend(parameters[value.name])
        elif isinstance(value, Field):
            literals.extend(current.values(value) if current else ())
        else:
            literals.append(value)
    if condition.operator.is_range and len(literals) > 1:
        raise FilterParameterError(
            f"{condition.field} {condition.operator} takes one value, {len(literals)} were given."
        )
    return tuple(literals)


def _as_numbers(condition: Condition, literals: Literals) -> tuple[float, ...]:
    try:
        return tuple(float(value) for value in literals)
    except ValueError:
        raise FilterParameterError(
            f"{condition.field} is a number, but the values given are not: {literals}."
        ) from None


def _text(value: str | float) -> str:
    """Numbers as they are usually written, for string fields that hold digits."""
    return value if isinstance(value, str) else f"{value:.15g}"
