"""The answers of a batch job as rows, and what has no answer."""

from __future__ import annotations

import json

import pytest

from airflow_personalize.batch.output import MatchCounts, TooManyErrorsError, columns_of, rows


def answer(query, output, error=None):
    return json.dumps({"input": query, "output": output, "error": error}).encode()


def test_each_result_is_a_row_with_its_place_and_score():
    lines = [
        answer({"userId": "1"}, {"recommendedItems": ["a", "b"], "scores": [0.5, 0.25]}),
        answer({"userId": "2"}, {"recommendedItems": ["c"]}),
    ]
    counts = MatchCounts(2)
    results = list(rows(lines, columns_of("recommendations", ("user_id",)), counts))
    assert results == [("1", 1, "a", 0.5), ("1", 2, "b", 0.25), ("2", 1, "c", None)]
    assert (counts.answered, counts.failed, counts.missing) == (2, 0, 0)


def test_segments_are_users_of_an_item_or_of_attributes():
    by_item = rows(
        [answer({"itemId": "i"}, {"usersList": ["u", "v"]})],
        ("item_id", "position", "user_id"),
        MatchCounts(1),
    )
    assert list(by_item) == [("i", 1, "u"), ("i", 2, "v")]
    wanted = 'ITEMS.genre = "drama"'
    line = answer({"itemAttributes": wanted}, {"usersList": ["u"]})
    in_the_guide = json.dumps({"itemAttributes": wanted, "output": {"recommendedUsers": ["u"]}}).encode()
    for form in (line, in_the_guide):
        by_attributes = rows([form], columns_of("segments", ("item_attributes",)), MatchCounts(1))
        assert list(by_attributes) == [(wanted, 1, "u")]


def test_lines_with_an_error_broken_ones_and_missing_ones_are_told_apart():
    lines = [
        answer({"userId": "1"}, {"recommendedItems": ["a"], "scores": [1.0]}),
        answer({"userId": "2"}, None, "no such user"),
        answer({}, None, "Line 3 is not JSON"),
        b'{"input": {"userId": "4"}, "outp',
        answer({"userId": "5"}, {"recommendedItems": ["a", "b"], "scores": [1.0]}),
        b"",
    ]
    counts = MatchCounts(7)
    assert len(list(rows(lines, columns_of("recommendations", ("user_id",)), counts))) == 1
    assert counts.as_json() | {"examples": None} == {
        "lines": 7,
        "answered": 1,
        "failed": 4,
        "missing": 2,
        "examples": None,
    }
    assert counts.examples[0] == "2: no such user"


def test_a_limit_counts_what_failed_and_what_is_missing():
    counts = MatchCounts(100, answered=97, failed=2, examples=["2: no such user"])
    counts.check(0.03)
    with pytest.raises(
        TooManyErrorsError, match=r"3 of 100 lines have no answer \(1 of them are in no file\).*no such user"
    ):
        counts.check(0.02)
