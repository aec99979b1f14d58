"""Every shape of filter expression that the service documents parses; malformed ones say where they are
wrong.
"""

import pytest

from localpersonalize.runtime.filters import FilterError, parse
from localpersonalize.runtime.filters.syntax import (
    Action,
    Anything,
    Field,
    Operator,
    Parameter,
    Source,
    Target,
)

DOCUMENTED_SHAPES = [
    # interactions
    "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($KIND)",
    'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view", "play")',
    'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")',
    'EXCLUDE itemId WHERE INTERACTIONS.event_type in ("*")',
    "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)",
    'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN ("view")',
    # items
    "EXCLUDE ItemID WHERE Items.SHELF IN ($SHELF)",
    'EXCLUDE ItemID WHERE Items.SHELF IN ("$SHELF")',
    'EXCLUDE ItemID WHERE Items.SHELF IN ("hat") AND Items.STYLE NOT IN ("beret")',
    'INCLUDE ItemID WHERE Items.SHELF IN ("hat") AND Items.IN_STOCK IN ("True")',
    "INCLUDE ItemID WHERE Items.COST <= $COST",
    "INCLUDE ItemID WHERE Items.COST != $COST AND Items.COST != 3 AND Items.COST = 4",
    "INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP < $SINCE",
    "INCLUDE ItemID WHERE Items.STYLE IN ($STYLE)",
    'INCLUDE ItemID WHERE Items.MAKER IN ("our-own")',
    "INCLUDE ItemID WHERE Items.COST < CurrentItem.COST AND Items.STYLE IN CurrentItem.STYLE",
    # users
    "EXCLUDE ItemID WHERE Items.STYLE IN ($STYLE) IF CurrentUser.AGE = $AGE",
    'INCLUDE ItemID WHERE Items.SHELF IN ("ring") AND Items.STYLE IN ("gold") IF CurrentUser.AGE > 21',
    'INCLUDE ItemID WHERE Items.SHELF IN ("a") IF CurrentUser.AGE > 21 AND CurrentUser.TIER IN ("x", "y")',
    # user segments
    "INCLUDE UserID WHERE Users.TIER IN ($TIER)",
    "EXCLUDE UserID WHERE Users.AGE < $AGE",
    'INCLUDE UserId WHERE Interactions.EVENT_TYPE IN ("view, rate")',
    "EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ($KIND)",
    # actions
    "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($KIND)",
    'EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("DECLINED")',
    "INCLUDE ActionID WHERE Actions.WORTH > ($WORTH)",
    'INCLUDE ActionID WHERE Action.TIER IN ("Gold") IF CurrentUser.TIER = $TIER',
    "EXCLUDE ActionID WHERE Actions.WORTH < ($WORTH) IF CurrentUser.TIER = $TIER",
    # chains
    'INCLUDE ItemID WHERE Items.SHELF IN ($SHELF) | INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("like")',
    'INCLUDE ItemID WHERE Items.STYLE IN ($S)|EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("a", "b")',
]


@pytest.mark.parametrize("text", DOCUMENTED_SHAPES)
def test_documented_shape_parses(text: str) -> None:
    parsed = parse(text)
    assert parsed.text == text
    assert len(parsed.expressions) == text.count("|") + 1


MALFORMED = [
    # (expression, column of the mistake, what the message must mention)
    ("", 1, "INCLUDE"),
    ("INCLUDE", 8, "ItemID"),
    ("KEEP ItemID WHERE Items.A IN (1)", 1, "EXCLUDE or INCLUDE"),
    ("INCLUDE Item WHERE Items.A = 1", 9, "ItemID"),
    ("INCLUDE ItemID Items.A = 1", 16, "WHERE"),
    ("INCLUDE ItemID WHERE A = 1", 24, "'.'"),
    ("INCLUDE ItemID WHERE Shop.A = 1", 22, "Shop"),
    ('INCLUDE ItemID WHERE Items.A IN "a"', 33, "'('"),
    ('INCLUDE ItemID WHERE Items.A IN ("a"', 37, "')'"),
    ('INCLUDE ItemID WHERE Items.A IN ("a)', 34, "quote is not closed"),
    ("INCLUDE ItemID WHERE Items.A IN ()", 34, "quoted value"),
    ('INCLUDE ItemID WHERE Items.A IN ("a" "b")', 38, "','"),
    ('INCLUDE ItemID WHERE Items.A IN (*, "b")', 35, "')'"),
    ("INCLUDE ItemID WHERE Items.A IN ('a')", 34, "quoted value"),
    ("INCLUDE ItemID WHERE Items.A == 1", 31, "number"),
    ("INCLUDE ItemID WHERE Items.A ~ 1", 30, "NOT IN"),
    ("INCLUDE ItemID WHERE Items.A NOT (1)", 30, "NOT IN"),
    ("INCLUDE ItemID WHERE Items.A > 1 AND", 37, "Dataset.field"),
    ("INCLUDE ItemID WHERE (Items.A > 1)", 22, "Dataset.field"),
    ("INCLUDE ItemID WHERE Items.A > $", 32, "PARAMETER"),
    ("INCLUDE ItemID WHERE Items.A > 1 IF", 36, "Dataset.field"),
    ("INCLUDE ItemID WHERE Items.A > 1 IF CurrentUser.B = 1 OR CurrentUser.C = 1", 55, "the end"),
    ("INCLUDE ItemID WHERE Items.A > 1 |", 35, "EXCLUDE or INCLUDE"),
    ("INCLUDE ItemID WHERE Items.A > 1; EXCLUDE ItemID WHERE Items.A > 1", 33, "'|'"),
]


@pytest.mark.parametrize(("text", "column", "mentions"), MALFORMED)
def test_malformed_expression_tells_its_place(text: str, column: int, mentions: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert caught.value.column == column
    assert f"at column {column}:" in str(caught.value)
    assert mentions in str(caught.value)


def test_and_binds_closer_than_or() -> None:
    (expression,) = parse("INCLUDE ItemID WHERE Items.A = 1 OR Items.B = 2 AND Items.C = 3").expressions
    assert [[condition.field.name for condition in all_of] for all_of in expression.any_of] == [
        ["A"],
        ["B", "C"],
    ]


def test_values_keep_case_and_escapes_while_names_lose_theirs() -> None:
    (expression,) = parse(r'exclude itemid where items.Shelf not in ("Hat \"x\"", "a\\b")').expressions
    ((condition,),) = expression.any_of
    assert (expression.action, expression.target) == (Action.EXCLUDE, Target.ITEM)
    assert condition.field == Field(Source.ITEMS, "SHELF", 22)
    assert condition.operator is Operator.NOT_IN
    assert condition.values == ('Hat "x"', "a\\b")


def test_parameters_are_found_in_quotes_and_in_parentheses() -> None:
    parsed = parse('INCLUDE ItemID WHERE Items.A IN ("$One", $two, "three") AND Items.B > ($N)')
    assert parsed.parameter_names() == {"One", "two", "N"}
    first = parsed.expressions[0].any_of[0][0].values
    assert isinstance(first[0], Parameter)
    assert first[2] == "three"


def test_star_is_every_event_only_for_interactions() -> None:
    (history,) = parse('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")').expressions
    (items,) = parse('INCLUDE ItemID WHERE Items.A IN ("*")').expressions
    assert history.any_of[0][0].values == (Anything(),)
    assert items.any_of[0][0].values == ("*",)


def test_chain_must_filter_one_kind_of_thing() -> None:
    with pytest.raises(FilterError, match="same of ItemID"):
        parse("INCLUDE ItemID WHERE Items.A = 1 | INCLUDE UserID WHERE Users.A = 1")


def test_too_long_an_expression_is_refused() -> None:
    values = ", ".join(f'"{n:06d}"' for n in range(300))
    with pytest.raises(FilterError, match="at most 2500"):
        parse(f"INCLUDE ItemID WHERE Items.A IN ({values})")
