"""What follows from a comparison: the interval decides, not the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from encore.comparison.compare import LIVE, NEW, POPULAR, Compared
from encore.comparison.table import short_name
from encore.config.comparison import SameUsersRule

Outcome = Literal["met", "worse", "undecided"]


@dataclass(frozen=True)
class Finding:
    """What the interval says of the new version against `against`, and the sentence for a reader."""

    against: Literal["live", "popularity"]
    outcome: Outcome
    reason: str


def findings(compared: Compared, rule: SameUsersRule, judges_popularity: bool) -> Sequence[Finding]:
    """Against the live version, if there is one, and against the popular items, where that makes sense."""
    judged = []
    line = compared.line(rule.metric)
    if line is not None and LIVE in line.means:
        judged.append(_against_live(compared, rule))
    if line is not None and judges_popularity and (interval := line.intervals.get(POPULAR)) is not None:
        outcome: Outcome = "worse" if interval.high < 0 else "met"
        how = "below" if outcome == "worse" else "not shown to be below"
        reason = (
            f"{short_name(rule.metric)} is {how} what the popular items reach, {line.means[POPULAR]:.4f}."
        )
        judged.append(Finding("popularity", outcome, reason))
    return judged


def _against_live(compared: Compared, rule: SameUsersRule) -> Finding:
    line = compared.line(rule.metric)
    assert line is not None
    interval = line.intervals.get(LIVE)
    if interval is None:
        return Finding(
            "live", "undecided", f"Only {line.users} users can be compared: too few to say anything."
        )
    new, live = line.means[NEW], line.means[LIVE]
    allowed = 0.0 if rule.require == "better" else -rule.not_worse_by * live
    outcome: Outcome = "met" if interval.low > allowed else "worse" if interval.high < 0 else "undecided"
    facts = (
        f"{short_name(rule.metric)} {new:.4f} against the live version's {live:.4f}, the same {interval.users:,} users:"
        f" {interval.difference:+.4f} ({rule.confidence:.0%} interval {interval.low:+.4f} to {interval.high:+.4f})."
    )
    wanted = "an interval above zero" if rule.require == "better" else f"no loss of more than {-allowed:.4f}"
    what = {
        "met": "Better." if interval.low > 0 else f"Not worse by more than {rule.not_worse_by:.0%}.",
        "worse": f"Worse: required is {wanted}.",
        "undecided": f"Not certain: required is {wanted}; more users (`users`, `held_back_days`) narrow the interval.",
    }
    return Finding("live", outcome, f"{what[outcome]} {facts}")
