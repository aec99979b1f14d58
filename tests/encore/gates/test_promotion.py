"""The gate's decisions on metrics chosen by hand."""

from __future__ import annotations

import json
import math
import random

import pytest

from encore.comparison.compare import compare
from encore.config.policies import Gate, MetricRule
from encore.gates.promotion import SameUsers, Version, decide, noise
from tests.support.comparisons import lists, shop

NDCG = "normalized_discounted_cumulative_gain_at_25"


def version(value: float | None, users: int | None = 1000, name: str = "new") -> Version:
    return Version(
        f"arn:aws:personalize:us-east-1:1:solution/s/{name}", {} if value is None else {NDCG: value}, users
    )


def verdict(new, live=None, popular=None, gate: dict | None = None, **arguments) -> str:
    settings = Gate.model_validate({"metrics": {NDCG: {"tolerance": 0.02}}, **(gate or {})})
    decision = decide(
        "s",
        settings,
        version(new),
        None if live is None else version(live, name="live"),
        None if popular is None else version(popular, name="popular"),
        **arguments,
    )
    return decision.verdict


def test_a_first_version_goes_live():
    assert verdict(0.1) == "promote"


def test_a_better_version_and_one_within_the_tolerance_go_live():
    assert verdict(0.35, live=0.30) == "promote"
    assert verdict(0.281, live=0.30) == "promote"


@pytest.mark.parametrize("wanted", ["hold", "ask", "promote"])
def test_a_worse_version_meets_what_the_file_says(wanted):
    assert verdict(0.279, live=0.30, gate={"worse_than_live": wanted}) == wanted


def test_the_most_careful_of_several_verdicts_counts():
    gate = {"worse_than_live": "ask", "worse_than_popularity": "hold"}
    assert verdict(0.1, live=0.3, popular=0.3, gate=gate) == "hold"
    assert verdict(0.1, live=0.3, popular=0.05, gate=gate) == "ask"


def test_a_floor_holds_even_the_first_version_and_has_no_tolerance():
    gate = {"metrics": {NDCG: {"tolerance": 0.5, "floor": 0.2}}}
    assert verdict(0.1999, gate=gate) == "hold"
    assert verdict(0.2, gate=gate) == "promote"


def test_a_metric_that_the_service_does_not_give_is_worse_than_anything():
    assert verdict(None, live=0.3) == "hold"


def test_a_version_that_the_service_trained_by_itself_is_never_promoted_silently():
    assert verdict(0.9, live=0.1, trained_by_service=True) == "ask"
    assert verdict(0.1, live=0.9, trained_by_service=True) == "hold"


@pytest.mark.parametrize("policy", ["hold", "ask", "promote"])
def test_the_one_who_starts_a_run_may_decide_and_the_table_says_so(policy):
    assert verdict(0.1, live=0.9, policy=policy) == policy
    decision = decide("s", Gate(), version(0.1), version(0.9), None, policy=policy)
    assert f"promote={policy}; the gate alone says hold" in decision.headline


def test_a_drop_is_only_believed_when_there_are_enough_users_to_tell():
    gate = {"metrics": {NDCG: {}}}
    few, many = (Gate.model_validate(gate), 20), (Gate.model_validate(gate), 20_000)
    decisions = [
        decide("s", g, version(0.25, users), version(0.30), None).verdict for g, users in (few, many)
    ]
    assert decisions == ["promote", "hold"]


def test_the_estimate_from_users_is_that_of_a_difference_of_two_proportions():
    tolerance, how = noise(0.95, 0.5, 0.5, 200, [])
    assert math.isclose(tolerance, 1.6448536 * math.sqrt(0.5 / 200), rel_tol=1e-6)
    assert "200 held-out users" in how


def test_the_estimate_from_users_lets_about_one_in_twenty_equal_pairs_fail_at_worst():
    chance = random.Random(5)
    users, failed, pairs = 100, 0, 2000
    for _ in range(pairs):
        one, other = (sum(chance.random() < 0.3 for _ in range(users)) / users for _ in range(2))
        failed += one < other - noise(0.95, one, other, users, [])[0]
    assert 0.02 < failed / pairs < 0.08


def test_past_runs_tell_the_noise_better_and_one_broken_run_does_not_widen_it():
    chance = random.Random(6)
    runs = [0.3 + chance.gauss(0, 0.005) for _ in range(40)]
    runs[20] = 0.05
    tolerance, how = noise(0.95, 0.3, 0.3, 100, runs)
    assert 0.006 < tolerance < 0.02
    assert "40 runs" in how


def test_runs_that_all_gave_the_same_still_leave_a_tolerance():
    assert noise(0.95, 0.3, 0.3, 100, [0.3] * 9)[0] == pytest.approx(0.003)
    past = [{"precision_at_5": 0.3}] * 9
    gate = Gate(metrics={"precision_at_5": MetricRule()})
    assert (
        decide(
            "s", gate, Version("n", {"precision_at_5": 0.299993}), Version("l", past[0]), None, past=past
        ).verdict
        == "promote"
    )
    assert (
        decide(
            "s", gate, Version("n", {"precision_at_5": 0.29}), Version("l", past[0]), None, past=past
        ).verdict
        != "promote"
    )


def test_the_table_can_be_read_and_carried():
    decision = decide(
        "related",
        Gate(),
        version(0.2, 5000),
        version(0.3, name="live"),
        version(0.1),
        remarks=["By the way."],
    )
    text = decision.as_text()
    assert "live" in text
    assert "-0.1000" in text
    assert "worse: hold" in text
    assert "By the way." in text
    assert len({len(line.split("|")) for line in decision.as_markdown().splitlines()[2:]}) == 1
    assert json.loads(json.dumps(decision.as_json()))["rows"][0]["worse"] is True


def compared_decision(noise: float, popularity: float | None = None, live: bool = True, **gate):
    """On the service's metrics the new version is far worse, which must not count beside a comparison."""
    sample, scores = shop()
    table = compare(
        sample,
        lists(scores, noise),
        lists(scores, 0.5, seed=2) if live else None,
        metric="ndcg_at_25",
        confidence=0.95,
    )
    return decide(
        "s",
        Gate.model_validate(gate),
        version(0.01),
        version(0.9, name="live") if live else None,
        None if popularity is None else version(popularity, name="popular"),
        same_users=SameUsers(table, judges_popularity=True),
    )


def test_a_comparison_on_the_same_users_decides_instead_of_the_services_metrics():
    decision = compared_decision(0.4)
    assert decision.verdict == "promote"
    assert "not comparable" not in decision.as_text()
    assert "all users" in decision.as_json()["markdown"]
    assert compared_decision(60.0).verdict == "hold"


def test_a_floor_counts_beside_a_comparison():
    assert compared_decision(0.4, metrics={NDCG: {"floor": 0.2}}).verdict == "hold"


def test_worse_than_the_popular_items_is_held_even_where_nothing_is_live():
    assert compared_decision(60.0, live=False).verdict == "hold"
    assert compared_decision(60.0, live=False, worse_than_popularity="ask").verdict == "ask"
    assert compared_decision(0.4, live=False).verdict == "promote"


def test_metrics_of_the_service_are_marked_as_not_comparable_with_the_reason():
    decision = decide(
        "s",
        Gate(),
        version(0.3),
        version(0.3, name="live"),
        None,
        same_users=SameUsers(None, "No day was held back."),
    )
    assert "not comparable" in decision.headline
    assert "No day was held back." in decision.headline
