"""Intervals of paired differences."""

from __future__ import annotations

import numpy as np
import pytest

from encore.comparison.interval import FEWEST_USERS, paired


def test_nothing_is_said_of_a_few_users():
    values = np.arange(FEWEST_USERS - 1, dtype=float)
    assert paired(values, values * 0, 0.95) is None
    assert paired(np.full(500, np.nan), np.ones(500), 0.95) is None


def test_versions_that_answer_the_same_differ_by_nothing_for_certain():
    values = np.random.default_rng(1).random(100)
    interval = paired(values, values, 0.95)
    assert (interval.difference, interval.low, interval.high) == (0, 0, 0)


def test_pairs_without_a_value_are_left_out():
    new, other = np.linspace(0, 1, 60), np.zeros(60)
    new[:10] = np.nan
    assert paired(new, other, 0.9).users == 50


def test_the_interval_holds_the_true_difference_as_often_as_it_says():
    """Skewed differences, as those of metrics are: mostly nothing, sometimes much."""
    inside = 0
    for seed in range(60):
        draw = np.random.default_rng(seed)
        other = draw.random(150) * (draw.random(150) < 0.3)
        new = np.clip(other + 0.02 + draw.normal(scale=0.2, size=150) * (draw.random(150) < 0.4), None, None)
        interval = paired(new, other, 0.9)
        inside += interval.low <= 0.02 <= interval.high
    assert 46 <= inside <= 59  # 54 expected; within 3.4 standard deviations


@pytest.mark.parametrize("users", [50, 5000])
def test_more_users_narrow_it(users):
    draw = np.random.default_rng(3)
    interval = paired(draw.random(users), draw.random(users), 0.95)
    expected = 2 * 1.96 * np.sqrt(2 / 12 / users)
    assert interval.high - interval.low == pytest.approx(expected, rel=0.2)
