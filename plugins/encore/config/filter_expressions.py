"""Filter expressions as the service reads them: enough of their grammar to find a mistake before it is asked.

Source: the developer guide, "Filter expressions": INCLUDE or EXCLUDE, conditions that AND and OR join, IF for the
current user, several expressions chained by `|`. Keywords and names of datasets are taken in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

#: How the name of a source may be written -> as it is called.
SOURCES = {
    "INTERACTIONS": "Interactions",
    "INTERACTION": "Interactions",
    "ITEM_INTERACTIONS": "Interactions",
    "ITEMS": "Items",
    "ITEM": "Items",
    "USERS": "Users",
    "USER": "Users",
    "ACTIONS": "Actions",
    "ACTION": "Actions",
    "ACTION_INTERACTIONS": "Action_Interactions",
    "CURRENTUSER": "CurrentUser",
    "CURRENTITEM": "CurrentItem",
}
_TARGETS = {"ITEMID": "ItemID", "USERID": "UserID", "ACTIONID": "ActionID"}
_TOKEN = re.compile(
    r"""(?P<parameter>\$[A-Za-z0-9_]+|"\$[A-Za-z0-9_]+")
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z0-9_]))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<comparison><=|>=|<|>|=)
    |(?P<mark>[().,|*])
    |(?P<other>\S)""",
    re.VERBOSE,
)


class FilterExpressionError(ValueError):
    """An expression that the service refuses.

    :param column: where, counted from 1
    """

    def __init__(self, problem: str, column: int) -> None:
        self.column = column
        super().__init__(f"column {column}: {problem}")


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    column: int


@dataclass(frozen=True)
class FieldName:
    """`source.name`, as the service calls the source and in upper case."""

    source: str
    name: str
    column: int

    def __str__(self) -> str:
        return f"{self.source}.{self.name}"


Value = Token | FieldName


@dataclass(frozen=True)
class Condition:
    """`operator` is IN, NOT IN or a comparison; a value is a token (string, number, parameter or *) or a field."""

    field: FieldName
    operator: str
    values: tuple[Value, ...]


@dataclass
class Expression:
    """`target` is ItemID, UserID or ActionID; `only_if` are the conditions after IF."""

    target: str
    conditions: list[Condition] = field(default_factory=list)
    only_if: list[Condition] = field(default_factory=list)


def parse(text: str) -> list[Expression]:
    """The chained expressions.

    :raises FilterExpressionError: names what was expected, and the column
    """
    reader = _Reader(text)
    expressions = [_expression(reader)]
    while reader.take("|"):
        expressions.append(_expression(reader))
    if reader.token.kind != "end":
        raise reader.expected("AND, OR, IF, '|' or the end")
    if len({expression.target for expression in expressions}) > 1:
        raise FilterExpressionError(
            "chained expressions must filter the same of ItemID, UserID and ActionID", 1
        )
    return expressions


class _Reader:
    """The tokens of an expression, one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._position = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._position]

    def next(self) -> Token:
        token = self.token
        self._position += token.kind != "end"
        return token

    def take(self, *words: str) -> str | None:
        """One of these keywords or marks, if it comes next."""
        text = self.token.text.upper()
        if self.token.kind in {"name", "mark"} and text in words:
            self.next()
            return text
        return None

    def need(self, *words: str) -> str:
        if word := self.take(*words):
            return word
        raise self.expected(" or ".join(words))

    def expected(self, what: str) -> FilterExpressionError:
        instead = "the expression ends" if self.token.kind == "end" else f"there is {self.token.text!r}"
        return FilterExpressionError(f"{what} is expected, but {instead}", self.token.column)


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "other":
            problem = "a quote is not closed" if match[0] == '"' else f"{match[0]!r} has no meaning here"
            raise FilterExpressionError(problem, match.start() + 1)
        yield Token(str(match.lastgroup), match[0], match.start() + 1)
    yield Token("end", "", len(text) + 1)


def _expression(reader: _Reader) -> Expression:
    reader.need("INCLUDE", "EXCLUDE")
    token = reader.next()
    target = _TARGETS.get(token.text.upper().replace("_", "")) if token.text.count("_") < 2 else None
    if token.kind != "name" or target is None:
        raise FilterExpressionError("ItemID, UserID or ActionID is expected", token.column)
    reader.need("WHERE")
    expression = Expression(target, [_condition(reader)])
    while reader.take("AND", "OR"):
        expression.conditions.append(_condition(reader))
    if reader.take("IF"):
        expression.only_if.append(_condition(reader))
        while reader.take("AND"):
            expression.only_if.append(_condition(reader))
    return expression


def _condition(reader: _Reader) -> Condition:
    named = _field(reader)
    if reader.take("IN"):
        return Condition(named, "IN", _values(reader))
    if reader.take("NOT_IN"):
        return Condition(named, "NOT IN", _values(reader))
    if reader.take("NOT"):
        reader.need("IN")
        return Condition(named, "NOT IN", _values(reader))
    if reader.token.kind != "comparison":
        raise reader.expected("IN, NOT IN or a comparison")
    return Condition(named, reader.next().text, (_operand(reader),))


def _field(reader: _Reader) -> FieldName:
    source = reader.token
    if source.kind != "name":
        raise reader.expected("a dataset and its field, as in Items.PRICE,")
    reader.next()
    reader.need(".")
    if reader.token.kind != "name":
        raise reader.expected("the name of a field")
    known = SOURCES.get(source.text.upper())
    if known is None:
        named = ", ".join(dict.fromkeys(SOURCES.values()))
        raise FilterExpressionError(f"there is no dataset {source.text!r}, only {named}", source.column)
    return FieldName(known, reader.next().text.upper(), source.column)


def _values(reader: _Reader) -> tuple[Value, ...]:
    if reader.token.kind == "name":
        return (_field(reader),)
    reader.need("(")
    if reader.token.text == "*":
        values: list[Value] = [reader.next()]
    else:
        values = [_value(reader)]
        while reader.take(","):
            values.append(_value(reader))
    reader.need(")")
    return tuple(values)


def _operand(reader: _Reader) -> Value:
    if reader.take("("):
        operand = _operand(reader)
        reader.need(")")
        return operand
    return _field(reader) if reader.token.kind == "name" else _value(reader)


def _value(reader: _Reader) -> Token:
    if reader.token.kind not in {"string", "number", "parameter"}:
        raise reader.expected('a number, a "quoted" text or a $PARAMETER')
    return reader.next()
