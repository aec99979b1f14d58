"""From the text of a filter to `syntax.Filter`; every mistake is reported with its column."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from localpersonalize.runtime.filters.errors import FilterError
from localpersonalize.runtime.filters.syntax import (
    Action,
    Anything,
    Condition,
    Expression,
    Field,
    Filter,
    Operator,
    Parameter,
    Source,
    Target,
    Value,
)

MAX_LENGTH = 2500
"""Characters in an expression (`FilterExpression` in the service model)."""

_READABLE = {
    "NAME": "a Dataset.field",
    "DOT": "'.' and a field name",
    "LPAR": "'('",
    "RPAR": "')'",
    "COMMA": "','",
    "VBAR": "'|'",
    "STRING": 'a "quoted value"',
    "NUMBER": "a number",
    "PARAMETER": "a $PARAMETER",
    "STAR": "*",
    "NOT_IN": "NOT IN",
    "COMPARISON": "a comparison (=, !=, <, <=, >, >=)",
    "ITEM_ID": "ItemID",
    "USER_ID": "UserID",
    "ACTION_ID": "ActionID",
    "$END": "the end",
}
_SOURCES = {source.value.upper(): source for source in Source} | {
    "ACTION": Source.ACTIONS,
    "ITEM": Source.ITEMS,
    "USER": Source.USERS,
    "INTERACTION": Source.INTERACTIONS,
    "ITEM_INTERACTIONS": Source.INTERACTIONS,
}


@lru_cache(maxsize=512)
def parse(text: str) -> Filter:
    """Parse a filter expression. `FilterError` with the column when it is not one."""
    if len(text) > MAX_LENGTH:
        raise FilterError(
            f"The filter expression has {len(text)} characters, at most {MAX_LENGTH} are allowed."
        )
    try:
        tree = _lark().parse(text)
        expressions = _Build(text).transform(tree)
    except UnexpectedInput as problem:
        raise _explain(problem, text) from None
    except VisitError as problem:
        if isinstance(problem.orig_exc, FilterError):
            raise problem.orig_exc from None
        raise
    if len({expression.target for expression in expressions}) > 1:
        raise FilterError("Chained expressions must all filter the same of ItemID, UserID and ActionID.")
    return Filter(text, expressions)


@lru_cache(maxsize=1)
def _lark() -> Lark:
    grammar = resources.files(__package__).joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, start="filter", parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _explain(problem: UnexpectedInput, text: str) -> FilterError:
    """Turn lark's account of what it expected into one in the words of the grammar."""
    at = len(text) + 1
    reason = "the expression ends"
    if isinstance(problem, UnexpectedToken):
        expected = problem.accepts or problem.expected
        if problem.token.type != "$END":
            at, reason = problem.token.start_pos + 1, f"found {str(problem.token)!r}"
    elif isinstance(problem, UnexpectedCharacters):
        expected = problem.allowed or set()
        start = problem.pos_in_stream or 0
        at, rest = start + 1, text[start:]
        reason = "a quote is not closed" if rest.startswith('"') else f"found {rest.split()[0][:20]!r}"
    else:
        expected = set()
    wanted = sorted({_READABLE.get(name, name.lstrip("_")) for name in expected if name != "WS"})
    hint = f"expected {' or '.join(wanted)}, but " if wanted else ""
    return FilterError(f"{hint}{reason}.", text, at)


@v_args(inline=True)
class _Build(Transformer[Token, tuple[Expression, ...]]):
    """Bottom-up from lark's tree to the dataclasses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def filter(self, *expressions: Expression) -> tuple[Expression, ...]:
        return expressions

    def expression(
        self,
        action: Action,
        target: Target,
        any_of: tuple[tuple[Condition, ...], ...],
        only_if: tuple[Condition, ...] | None,
    ) -> Expression:
        return Expression(action, target, any_of, only_if or ())

    def action(self, token: Token) -> Action:
        return Action(token.upper())

    def target(self, token: Token) -> Target:
        return {"ITEM_ID": Target.ITEM, "USER_ID": Target.USER, "ACTION_ID": Target.ACTION}[token.type]

    def any_of(self, *conjunctions: tuple[Condition, ...]) -> tuple[tuple[Condition, ...], ...]:
        return conjunctions

    def all_of(self, *conditions: Condition) -> tuple[Condition, ...]:
        return conditions

    def is_in(self, field: Field, _in: Token, values: tuple[Value, ...]) -> Condition:
        return Condition(field, Operator.IN, _event_types(field, values))

    def is_not_in(self, field: Field, _not_in: Token, values: tuple[Value, ...]) -> Condition:
        return Condition(field, Operator.NOT_IN, _event_types(field, values))

    def compares(self, field: Field, comparison: Token, operand: Value) -> Condition:
        return Condition(field, Operator(str(comparison)), (operand,))

    def field(self, source: Token, name: Token) -> Field:
        column = (source.start_pos or 0) + 1
        known = _SOURCES.get(source.upper())
        if known is None:
            raise FilterError(
                f"no dataset {str(source)!r}; use one of {', '.join(Source)}.", self.text, column
            )
        return Field(known, name.upper(), column)

    def values(self, *values: Value | Token) -> tuple[Value, ...]:
        return tuple(Anything() if isinstance(value, Token) else value for value in values)

    def string(self, token: Token) -> str:
        return unquote(token)

    def number(self, token: Token) -> float:
        return float(token)

    def parameter(self, token: Token) -> Parameter:
        return Parameter(token.strip('"').removeprefix("$"), (token.start_pos or 0) + 1)


def _event_types(field: Field, values: tuple[Value, ...]) -> tuple[Value, ...]:
    """The service takes `"*"` in quotes as well as `*` for events of every type."""
    if not field.source.is_history:
        return values
    return tuple(Anything() if value == "*" else value for value in values)


def unquote(quoted: str) -> str:
    """`"a \\"b\\""` to `a "b"`."""
    inner = quoted[1:-1]
    return inner if "\\" not in inner else inner.replace('\\"', '"').replace("\\\\", "\\")
