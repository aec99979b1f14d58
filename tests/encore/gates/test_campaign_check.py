"""What is wrong with a campaign's answers."""

from __future__ import annotations

import pytest

from encore.gates.campaign_check import CampaignCheckError, Probe, judge

GOOD = [Probe("u1", ("a", "b"), 0.01), Probe("u2", ("b", "c"), 0.02)]


def test_good_answers_are_summed_up():
    assert judge("c", GOOD, personal=True, known_items="abc", max_milliseconds=20) == (
        "2 questions answered with 2 different lists, the slowest in 20 ms"
    )


@pytest.mark.parametrize(
    ("probes", "expected", "options"),
    [
        ([], "names no user or item", {}),
        ([Probe("u9", (), 0.01)], "nothing for u9", {}),
        ([Probe("u9", ("a", "a"), 0.01)], "twice for u9", {}),
        ([Probe("u1", ("a",), 0.01), Probe("u2", ("a",), 0.01)], "same items for all of 2", {}),
        (GOOD, "not in the data: c", {"known_items": {"a", "b"}}),
        (GOOD, "20 ms to answer; 19 ms", {"max_milliseconds": 19}),
    ],
)
def test_a_bad_answer_is_named(probes, expected, options):
    with pytest.raises(CampaignCheckError, match=expected):
        judge("c", probes, personal=True, **options)


def test_a_popularity_campaign_may_say_the_same_to_everybody():
    assert judge("c", [Probe("u1", ("a",), 0.01), Probe("u2", ("a",), 0.01)], personal=False)
