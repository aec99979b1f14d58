"""When an experiment has a winner: seldom where there is none, and the right one where there is."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from encore.config.experiment import Experiment
from encore.experiments.judge import Analysis, analysis, outcome, sentence
from encore.experiments.split import CHALLENGER, CHAMPION, arm

EXPERIMENT = Experiment(
    name="home",
    champion="popular",
    challenger="personal",
    begin=date(2026, 3, 1),
    days=28,
    analyses=4,
    event_type="purchase",
)


def outcomes(seed: int, gain: float, users: int = 600, days: int = 28) -> list[dict[str, float]]:
    """By analysis, whether each user has bought by then; the challenger's users do more often by a share."""
    draw = np.random.default_rng(seed)
    first = {}
    for user in map(str, range(users)):
        chance = 0.02 * (1 + gain * (arm(EXPERIMENT.name, user, 0.5) == CHALLENGER))
        first[user] = draw.geometric(chance)
    return [{user: float(day <= until) for user, day in first.items()} for until in (7, 14, 21, 28)]


def end(seed: int, gain: float) -> str | None:
    analyses: list[Analysis] = []
    for day, seen in zip(EXPERIMENT.analysis_days, outcomes(seed, gain), strict=True):
        analyses.append(analysis(EXPERIMENT, str(day), seen))
        if (state := outcome(EXPERIMENT, analyses)).state == "ended":
            return state.winner
    raise AssertionError("it has not ended")


def test_equal_solutions_seldom_have_a_winner():
    assert [end(seed, 0.0) for seed in range(60)].count(None) >= 55


@pytest.mark.parametrize(("gain", "winner"), [(1.0, CHALLENGER), (-0.6, CHAMPION)])
def test_the_better_solution_wins(gain, winner):
    ends = [end(seed, gain) for seed in range(20)]
    assert ends.count(winner) >= 18
    assert set(ends) <= {winner, None}


def test_it_is_looked_at_in_even_steps_and_ends_with_the_last_day():
    assert [str(day) for day in EXPERIMENT.analysis_days] == [
        "2026-03-07",
        "2026-03-14",
        "2026-03-21",
        "2026-03-28",
    ]
    odd = EXPERIMENT.model_copy(update={"days": 10, "analyses": 3})
    assert [day.day for day in odd.analysis_days] == [4, 7, 10]


def test_the_error_is_shared_by_the_looks():
    seen = outcomes(1, 0.3)[0]
    alone = analysis(EXPERIMENT.model_copy(update={"analyses": 1}), "2026-03-07", seen)
    shared = analysis(EXPERIMENT, "2026-03-07", seen)
    ratio = (shared.high - shared.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(2.498 / 1.960, rel=0.01), (
        "the normal quantiles of 1 - 0.05/8 and 1 - 0.05/2"
    )


def test_too_few_users_have_no_winner():
    seen = analysis(EXPERIMENT, "2026-03-07", {str(user): float(user % 2) for user in range(30)})
    assert seen.winner is None
    assert "unknown with so few users" in sentence(EXPERIMENT, seen)
    assert Analysis.from_json(seen.as_json()) == seen


def test_the_sentence_says_by_how_much_how_sure_and_of_whom():
    seen = Analysis("2026-03-14", (500, 480), (0.10, 0.15), 0.01, 0.09)
    assert outcome(EXPERIMENT, [seen]).reason == (
        "personal wins: purchase 15.00% of the users with personal, 10.00% with popular; difference 1.00% to 9.00%"
        " (98.75% interval), 480 and 500 users, 2026-03-01 to 2026-03-14."
    )
