from __future__ import annotations

import operator
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localpersonalize.runtime.filters import Columns, FilterParameterError, Subject, apply_filter, bind, parse
from localpersonalize.runtime.filters.parser import MAX_LENGTH

ITEMS = pa.table(
    {
        "ITEM_ID": ["d", "a", "b", "c"],
        "GENRE": ["drama", "comedy|drama", None, "comedy"],
        "PRICE": [4.0, 1.0, 2.0, None],
        "MAKER": ["us|them", "us", "them", None],
    }
)


COLUMNS = Columns(["a", "b", "c", "d", "new"], ITEMS, "ITEM_ID", frozenset({"GENRE"}))


def items_left(text: str, values: dict[str, str] | None = None, subject: Subject | None = None) -> str:
    parsed = parse(text)
    mask = apply_filter(parsed, COLUMNS, bind(parsed, values), subject)
    ids = COLUMNS.ids.to_pylist()
    return " ".join(ids if mask is None else [name for name, let in zip(ids, mask, strict=True) if let])


def test_categories_match_by_element_and_other_strings_whole() -> None:
    assert items_left('INCLUDE ItemID WHERE Items.GENRE IN ("drama")') == "a d"
    assert items_left('INCLUDE ItemID WHERE Items.MAKER IN ("us")') == "a"
    assert items_left('INCLUDE ItemID WHERE Items.GENRE IN ("Drama")') == ""


def test_missing_values_match_nothing() -> None:
    assert items_left('EXCLUDE ItemID WHERE Items.GENRE NOT IN ("drama")') == "a d"
    assert items_left("INCLUDE ItemID WHERE Items.PRICE < 100") == "a b d"
    assert items_left("EXCLUDE ItemID WHERE Items.PRICE >= 2") == "a c new"


def test_unequal_is_the_opposite_of_equal_for_missing_values_too() -> None:
    """Source: the developer guide, "Filter expression structure and elements", comparison operators."""
    assert items_left("INCLUDE ItemID WHERE Items.PRICE != 2") == "a c d new"
    assert items_left("EXCLUDE ItemID WHERE Items.PRICE != $P", {"P": "2"}) == "b"
    assert items_left('INCLUDE ItemID WHERE Items.GENRE != "drama"') == "b c new"
    text = "EXCLUDE ItemID WHERE Items.PRICE > 0 IF CurrentUser.AGE != 18"
    assert items_left(text, None, Subject(user={"AGE": 18})) == "a b c d new"
    assert items_left(text, None, Subject(user={"AGE": 19})) == "c new"


def test_item_ids_can_be_listed() -> None:
    assert items_left('INCLUDE ItemID WHERE Items.ITEM_ID IN ("new", "a", "gone")') == "a new"


def test_events_ignore_case_and_star_is_any() -> None:
    subject = Subject(events={"click": np.array([0, 2]), "buy": np.array([3])})
    assert items_left('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Click")', None, subject) == "b d new"
    assert items_left("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)", None, subject) == "a c d"
    assert items_left('INCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN ("BUY")', None, subject) == "a c"
    assert (
        items_left("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($T)", {"T": '"buy","x"'}, subject)
        == "a b c new"
    )
    assert items_left("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($T)", None, subject) == "a b c d new"


def test_if_that_does_not_hold_switches_its_expression_off() -> None:
    text = (
        'INCLUDE ItemID WHERE Items.GENRE IN ("comedy") IF CurrentUser.AGE > 18 AND CurrentUser.TIER IN ("x")'
    )
    assert items_left(text, None, Subject(user={"AGE": 19, "TIER": "x"})) == "a c"
    assert items_left(text, None, Subject(user={"AGE": 19, "TIER": "y"})) == "a b c d new"
    assert items_left(text, None, Subject(user={"AGE": None, "TIER": "x"})) == "a b c d new"
    assert items_left(text) == "a b c d new"


def test_chain_is_union_of_includes_without_excludes_in_any_order() -> None:
    subject = Subject(events={"like": np.array([1]), "hide": np.array([0])})
    includes = [
        'INCLUDE ItemID WHERE Items.GENRE IN ("drama")',
        'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("like")',
    ]
    exclude = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("hide")'
    assert items_left(" | ".join([*includes, exclude]), None, subject) == "b d"
    assert items_left(" | ".join([exclude, *includes]), None, subject) == "b d"


def test_current_item_is_compared_with() -> None:
    text = "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRE IN CurrentItem.GENRE"
    assert items_left(text, None, Subject(item_row=3)) == "a"
    assert items_left(text, None, Subject(item_row=4)) == ""
    assert items_left(text, None, Subject()) == ""


def test_condition_without_its_parameter_is_left_out_of_an_exclude() -> None:
    text = 'EXCLUDE ItemID WHERE Items.GENRE IN ("comedy") AND Items.PRICE < $P'
    assert items_left(text, {"P": "1.5"}) == "b c d new"
    assert items_left(text) == "b d new"


def test_parameter_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(FilterParameterError, match=r"Items.PRICE is a number"):
        items_left("INCLUDE ItemID WHERE Items.PRICE < $P", {"P": '"cheap"'})
    with pytest.raises(FilterParameterError, match="takes one value"):
        items_left("INCLUDE ItemID WHERE Items.PRICE < $P", {"P": "1,2"})


WORDS = ["a", "b", "c", "A"]


NUMBERS = [0, 1, 2.5, -3]


_OPS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


words = st.sampled_from(WORDS)


numbers = st.sampled_from(NUMBERS)


word_lists = st.lists(words, min_size=1, max_size=3)


text_test = st.tuples(st.sampled_from(["GENRE", "MAKER"]), st.sampled_from(["IN", "NOT IN"]), word_lists)


number_test = st.tuples(
    st.just("PRICE"), st.sampled_from(list(_OPS)), st.lists(numbers, min_size=1, max_size=1)
)


item_test = st.one_of(text_test, number_test).map(lambda t: ("Items", *t))


event_test = st.tuples(
    st.just("Interactions"), st.just("EVENT_TYPE"), st.sampled_from(["IN", "NOT IN"]), word_lists
)


user_test = st.one_of(
    st.tuples(st.just("CurrentUser"), st.just("TIER"), st.sampled_from(["IN", "NOT IN"]), word_lists),
    st.tuples(
        st.just("CurrentUser"),
        st.just("AGE"),
        st.sampled_from(list(_OPS)),
        st.lists(numbers, min_size=1, max_size=1),
    ),
)


def dnf(test: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(st.lists(test, min_size=1, max_size=3), min_size=1, max_size=3)


expressions = st.tuples(
    st.sampled_from(["INCLUDE", "EXCLUDE"]),
    st.one_of(dnf(item_test), dnf(event_test)),
    st.lists(user_test, max_size=2),
)


chains = st.lists(expressions, min_size=1, max_size=3)


items = st.lists(
    st.fixed_dictionaries(
        {
            "GENRE": st.none() | word_lists.map("|".join),
            "MAKER": st.none() | words,
            "PRICE": st.none() | numbers,
            "events": st.lists(words, max_size=2),
        }
    ),
    min_size=1,
    max_size=6,
)


users = st.none() | st.fixed_dictionaries({"AGE": st.none() | numbers, "TIER": st.none() | words})


def render(chain: list[tuple]) -> str:
    def one(test: tuple) -> str:
        source, name, operation, values = test
        literals = [f'"{v}"' if isinstance(v, str) else str(v) for v in values]
        listed = f"({', '.join(literals)})" if "IN" in operation else literals[0]
        return f"{source}.{name} {operation} {listed}"

    def whole(expression: tuple) -> str:
        action, any_of, only_if = expression
        where = " OR ".join(" AND ".join(map(one, all_of)) for all_of in any_of)
        tail = f" IF {' AND '.join(map(one, only_if))}" if only_if else ""
        return f"{action} ItemID WHERE {where}{tail}"

    return " | ".join(map(whole, chain))


def naive(test: tuple, item: dict[str, Any], user: dict[str, Any] | None) -> bool:
    source, name, operation, values = test
    if source == "Interactions":
        wanted = {v.lower() for v in values}
        return any((kind.lower() in wanted) is (operation == "IN") for kind in item["events"])
    value = (user or {}).get(name) if source == "CurrentUser" else item[name]
    if operation == "IN":
        return value is not None and any(
            v in (value.split("|") if name == "GENRE" else [value]) for v in values
        )
    if operation in ("NOT IN", "!="):
        return not naive((source, name, "IN" if operation == "NOT IN" else "=", values), item, user)
    return value is not None and _OPS[operation](value, values[0])


def naively_kept(chain: list[tuple], item: dict[str, Any], user: dict[str, Any] | None) -> bool:
    active = [(a, w) for a, w, only_if in chain if all(naive(test, item, user) for test in only_if)]
    held = [(a, any(all(naive(t, item, user) for t in all_of) for all_of in where)) for a, where in active]
    includes = [hit for action, hit in held if action == "INCLUDE"]
    return (any(includes) or not includes) and not any(hit for action, hit in held if action == "EXCLUDE")


@settings(max_examples=400, deadline=None)
@given(chain=chains, data=items, user=users)
def test_mask_equals_naive_evaluation(
    chain: list[tuple], data: list[dict[str, Any]], user: dict[str, Any] | None
) -> None:
    ids = [str(n) for n in range(len(data))]
    table = pa.table(
        {
            "ITEM_ID": pa.array(ids, pa.string()),
            "GENRE": pa.array([row["GENRE"] for row in data], pa.string()),
            "MAKER": pa.array([row["MAKER"] for row in data], pa.string()),
            "PRICE": pa.array([row["PRICE"] for row in data], pa.float32()),
        }
    )
    events: dict[str, list[int]] = {}
    for row, item in enumerate(data):
        for kind in item["events"]:
            events.setdefault(kind.lower(), []).append(row)
    subject = Subject(events={k: np.array(v) for k, v in events.items()}, user=user)
    mask = apply_filter(
        parse(render(chain)), Columns(ids, table, "ITEM_ID", frozenset({"GENRE"})), {}, subject
    )
    expected = [naively_kept(chain, item, user) for item in data]
    assert (np.ones(len(data), bool) if mask is None else mask).tolist() == expected


def longest(head: str, piece: str, separator: str) -> str:
    """An expression of the most characters, of pieces that are numbered where they say `{}`."""
    pieces: list[str] = []
    while True:
        longer = [*pieces, piece.format(len(pieces))]
        if len(head) + len(separator.join(longer)) + 1 > MAX_LENGTH:
            return head + separator.join(pieces) + (")" if "(" in head else "")
        pieces = longer


LONGEST = [
    longest("INCLUDE ItemID WHERE Items.GENRE IN (", '"drama"', ","),
    longest("INCLUDE ItemID WHERE Items.GENRE IN (", '"{}"', ","),
    longest("INCLUDE ItemID WHERE Items.PRICE IN (", "{}", ","),
    longest("INCLUDE ItemID WHERE ", "Items.PRICE>1", " OR "),
    longest("INCLUDE ItemID WHERE ", "Items.PRICE>{}", " AND "),
    longest("INCLUDE ItemID WHERE ", 'Items.GENRE NOT IN ("{}")', " OR "),
    longest("INCLUDE ItemID WHERE ", "Items.PRICE>$P", " OR "),
    longest("", "EXCLUDE ItemID WHERE Items.PRICE>{}", "|"),
]


class CountingColumns(Columns):
    """Counts how many rows are gone through."""

    rows = 0

    def rows_with(self, name: str, value: str) -> np.ndarray:
        result = super().rows_with(name, value)
        self.rows += len(result)
        return result

    def mask(self, key: Hashable, build: Callable[[], np.ndarray]) -> np.ndarray:
        def count_and_build() -> np.ndarray:
            self.rows += len(self)
            return build()

        return super().mask(key, count_and_build)


@pytest.mark.parametrize("text", LONGEST)
def test_the_longest_expressions_go_through_the_items_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    n = 1000
    items = pa.table(
        {"ITEM_ID": [f"i{k}" for k in range(n)], "GENRE": ["drama|x"] * n, "PRICE": np.arange(n, dtype=float)}
    )
    columns = CountingColumns([f"i{k}" for k in range(n)], items, "ITEM_ID", frozenset({"GENRE"}))
    monkeypatch.setattr("localpersonalize.runtime.filters.columns.MASK_CACHE_BYTES", 100 * n)
    parsed = parse(text)
    values = bind(parsed, {"P": "5"} if "$P" in text else None)
    written = sum(len(conjunction) for expression in parsed.expressions for conjunction in expression.any_of)
    apply_filter(parsed, columns, values)
    distinct = len({str(condition) for condition in parsed.conditions()}) if "$P" in text else written
    assert columns.rows <= n * (distinct + len(parsed.expressions) + 1)
    columns.rows = 0
    apply_filter(parsed, columns, values)
    assert columns.rows == 0  # kept whole, although its parts would not fit


@given(st.lists(st.sampled_from([1.0, 2.0, 4.0, 7.5]), max_size=6), st.booleans())
def test_numbers_in_a_list_are_found_one_by_one_alike(wanted: list[float], negated: bool) -> None:
    words = ",".join(f"{number:g}" for number in wanted) or "99"
    result = items_left(f"INCLUDE ItemID WHERE Items.PRICE {'NOT IN' if negated else 'IN'} ({words})")
    prices = {"a": 1.0, "b": 2.0, "c": None, "d": 4.0, "new": None}
    assert result == " ".join(name for name, price in prices.items() if (price in wanted) is not negated)
