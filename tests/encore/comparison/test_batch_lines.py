"""What a batch job is asked for a comparison, and its answers as lists."""

from __future__ import annotations

import json

from encore.comparison.batch_lines import lines_of, lists_of
from encore.comparison.held_back import hold_back
from tests.support.comparisons import columns

SAMPLE = hold_back(
    columns([("ann", "tea", 1), ("ann", "cup", 5), ("ben", "tea", 2)]),
    columns([("ann", "pot", 9), ("ben", "pot", 9), ("dan", "pot", 9)]),
    10,
)


def answer(key, value, *items, **more):
    return json.dumps({"input": {key: value}, "output": {"recommendedItems": list(items)}, **more}).encode()


def names(lists):
    return [[str(SAMPLE.items[number]) for number in row if number >= 0] for row in lists]


def test_users_are_asked_about_by_id_and_with_a_list_where_one_is_ranked():
    assert [json.loads(line) for line in lines_of(SAMPLE, ("user_id",))] == [
        {"userId": "ann"},
        {"userId": "ben"},
        {"userId": "dan"},
    ]
    (line, *_) = lines_of(SAMPLE, ("user_id", "item_list"))
    assert json.loads(line) == {"userId": "ann", "itemList": ["tea", "cup"]}


def test_related_items_are_asked_about_by_the_last_item_before_the_cut():
    assert [json.loads(line) for line in lines_of(SAMPLE, ("item_id",))] == [
        {"itemId": "cup"},
        {"itemId": "tea"},
    ]
    lists = lists_of(SAMPLE, [answer("itemId", "tea", "pot"), answer("itemId", "cup", "tea")], ("item_id",))
    assert names(lists) == [["tea"], ["pot"], []]


def test_an_error_or_a_line_that_is_missing_is_no_list_and_an_unknown_item_leaves_its_place_empty():
    failed = answer("userId", "ben", error="no such user")
    lists = lists_of(SAMPLE, [answer("userId", "ann", "new thing", "pot"), failed, b""], ("user_id",))
    assert names(lists) == [["pot"], [], []]
    assert lists[0][0] == -1
