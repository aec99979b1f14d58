"""Which items (users, actions) a filter keeps, for one request, as a bool mask."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
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


@dataclass(frozen=True)
class _Test:
    """A condition with all its values: no two of one meaning. ``literals``: None stands for `*`."""

    happened: bool
    name: str
    operator: Operator
    literals: Literals | None


def _selected(
    expression: Expression, columns: Columns, parameters: Mapping[str, Literals], subject: Subject
) -> np.ndarray | None:
    """Rows for which any conjunction holds; None if every condition lacks its parameter.

    What depends on metadata alone is kept in ``columns``, whole: a long expression on many items would fill their
    cache with its parts.
    """
    any_of: dict[frozenset[_Test], None] = {}
    for conjunction in expression.any_of:
        tests = frozenset(
            _test(condition, columns, parameters, subject)
            for condition in conjunction
            if all(p.name in parameters for p in condition.parameters())
        )
        if tests:
            any_of[tests] = None
    if not any_of:
        return None
    distinct = frozenset().union(*any_of)
    if len(distinct) == 1:
        return _holds(next(iter(distinct)), columns, subject)
    if any(test.happened for test in distinct):
        return _any_holds(any_of, columns, subject)
    return columns.mask(frozenset(any_of), lambda: _any_holds(any_of, columns, subject))


def _test(
    condition: Condition, columns: Columns, parameters: Mapping[str, Literals], subject: Subject
) -> _Test:
    name, happened = condition.field.name, condition.field.source.is_history
    current = None if happened else _Current(columns, subject, columns.is_text(name))
    literals = _literals(condition, parameters, current)
    if not happened and not columns.is_text(name):
        literals = _as_numbers(condition, literals)
    return _Test(happened, name, condition.operator, literals)


def _any_holds(any_of: Iterable[frozenset[_Test]], columns: Columns, subject: Subject) -> np.ndarray:
    """bool [len(columns)]; each test is looked up once, however often it is written."""
    result: np.ndarray | None = None
    held: dict[_Test, np.ndarray] = {}
    for tests in any_of:
        for test in tests:
            if test not in held:
                held[test] = _holds(test, columns, subject)
        rows = functools.reduce(operator.and_, (held[test] for test in tests))
        result = rows if result is None else result | rows
    assert result is not None
    return result


def _holds(test: _Test, columns: Columns, subject: Subject) -> np.ndarray:
    """bool [len(columns)] for one condition; masks that depend on metadata alone are kept in ``columns``."""
    if test.happened:
        return _happened(test, len(columns), subject)
    literals = test.literals or ()
    if columns.is_text(test.name):
        return columns.mask(test, lambda: _matches(columns, test.name, test.operator, literals))
    wanted = tuple(float(value) for value in literals)
    return columns.mask(test, lambda: _compares(columns.numbers(test.name), test.operator, wanted))


def _happened(test: _Test, size: int, subject: Subject) -> np.ndarray:
    """Rows with an event whose type is in (or, for NOT IN, is not in) the list."""
    wanted = None if test.literals is None else {str(value).lower() for value in test.literals}
    negated = test.operator.is_negated
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
        is_in = _is_in(numbers, np.unique(np.asarray(wanted, float)))
        return ~is_in if operation.is_negated else is_in
    if not wanted:
        return np.zeros(len(numbers), bool)
    with np.errstate(invalid="ignore"):
        mask: np.ndarray = _COMPARE[operation](numbers, wanted[0])
    return mask


def _is_in(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """bool [len(numbers)]; NaN is in nothing. ``values`` are sorted, and few: `np.isin` would sort the numbers."""
    if not len(values):
        return np.zeros(len(numbers), bool)
    positions = np.minimum(np.searchsorted(values, numbers), len(values) - 1)
    mask: np.ndarray = values[positions] == numbers
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
    """All values a condition compares with, each once, parameters filled in; None for `*`."""
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
    return tuple(dict.fromkeys(literals))


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
