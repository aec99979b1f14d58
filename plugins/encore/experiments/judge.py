"""Whether an experiment has a winner: the difference of the users' means, with the error shared by all analyses.

Each analysis is a Welch test (Biometrika 1947) at the level `error / analyses`, two-sided. By Bonferroni's
inequality (Dunn, "Multiple comparisons among means", JASA 1961) the chance of a wrong winner in any of them is at
most `error`, however the analyses depend on each other. The unit is the user, since it is users that are divided by
lot: what one does counts from the first day on, and who does nothing counts with 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from encore.config.experiment import Experiment
from encore.experiments.split import CHALLENGER, CHAMPION, arm

State = Literal["waits", "runs", "ended"]
FEWEST_USERS = 20  # in each arm; below, a test of means is none


@dataclass(frozen=True)
class Analysis:
    """What was seen after a day.

    :param users: of champion and challenger
    :param means: likewise
    :param low: of the interval of the difference of means, challenger less champion, with `high`;
        None with too few users
    """

    day: str
    users: tuple[int, int]
    means: tuple[float, float]
    low: float | None
    high: float | None

    @property
    def winner(self) -> str | None:
        if self.low is None or self.high is None:
            return None
        return CHALLENGER if self.low > 0 else CHAMPION if self.high < 0 else None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Analysis:
        return cls(**{**values, "users": tuple(values["users"]), "means": tuple(values["means"])})


@dataclass(frozen=True)
class Outcome:
    """Where an experiment stands."""

    state: State
    winner: str | None
    reason: str


def analysis(experiment: Experiment, day: str, outcomes: Mapping[str, float]) -> Analysis:
    """
    :param outcomes: of each user, from the first day to the end of this one
    """
    from scipy.stats import ttest_ind

    values = np.fromiter(outcomes.values(), float, len(outcomes))
    is_challenger = np.array(
        [arm(experiment.name, user, experiment.share) == CHALLENGER for user in outcomes], bool
    )
    champion, challenger = values[~is_challenger], values[is_challenger]
    users = len(champion), len(challenger)
    means = tuple(float(part.mean()) if len(part) else 0.0 for part in (champion, challenger))
    low = high = None
    if min(users) >= FEWEST_USERS:
        low = high = means[1] - means[0]
        if champion.std() or challenger.std():
            test = ttest_ind(challenger, champion, equal_var=False)
            interval = test.confidence_interval(1 - experiment.error / experiment.analyses)
            low, high = float(interval.low), float(interval.high)
    return Analysis(day, users, (means[0], means[1]), low, high)


def outcome(experiment: Experiment, analyses: Sequence[Analysis]) -> Outcome:
    """
    :param analyses: so far, oldest first
    """
    if not analyses:
        days = ", ".join(str(day) for day in experiment.analysis_days)
        return Outcome("runs", None, f"Nothing was judged yet: that is done after {days}.")
    last = analyses[-1]
    if last.winner:
        name = experiment.challenger if last.winner == CHALLENGER else experiment.champion
        return Outcome("ended", last.winner, f"{name} wins: {sentence(experiment, last)}")
    if len(analyses) >= experiment.analyses:
        reason = f"No winner in {experiment.days} days: {sentence(experiment, last)}"
        return Outcome("ended", None, f"{reason} {experiment.champion} stays.")
    left = experiment.analyses - len(analyses)
    return Outcome("runs", None, f"No winner yet, {left} analyses left: {sentence(experiment, last)}")


def sentence(experiment: Experiment, seen: Analysis) -> str:
    """What an analysis has shown, for readers."""
    champion, challenger = (amount(experiment, mean) for mean in seen.means)
    confidence = 1 - experiment.error / experiment.analyses
    unit = "of the users" if experiment.measure == "users" else "a user"
    return (
        f"{experiment.event_type} {challenger} {unit} with {experiment.challenger}, {champion} with"
        f" {experiment.champion}; difference {interval(experiment, seen)} ({confidence:.2%} interval),"
        f" {seen.users[1]:,} and {seen.users[0]:,} users, {experiment.begin} to {seen.day}."
    )


def interval(experiment: Experiment, seen: Analysis) -> str:
    """The difference's, in words."""
    if seen.low is None or seen.high is None:
        return "unknown with so few users"
    return f"{amount(experiment, seen.low)} to {amount(experiment, seen.high)}"


def amount(experiment: Experiment, value: float) -> str:
    """A mean, or a difference of means."""
    return f"{value:.2%}" if experiment.measure == "users" else f"{value:,.4g}"
