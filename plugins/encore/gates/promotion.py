"""Whether a new solution version may go live: it against the live one, against popularity, and against floors.

Where the two versions were compared on the same users, that decides. Else the service's metrics do: on held-out users,
one in ten, of each version's own data, so few that a metric differs from run to run without any change. A difference of
theirs counts only when it is larger than the tolerance: one that is given, or one estimated from how the metric has
moved before, or, without enough runs, from the number of held-out users.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from encore.comparison.compare import LIVE, POPULAR, Compared
from encore.comparison.rule import Finding, findings
from encore.comparison.table import as_document, summary
from encore.config.policies import Gate, MetricRule, Verdict
from encore.text_tables import as_markdown, as_text

Policy = Literal["gate", "hold", "ask", "promote"]
Against = Literal["live", "popularity", "floor"]
ENOUGH_RUNS = 8
HELD_OUT_SHARE = 0.1
LEAST_TOLERANCE = 0.01
SEVERITY: Mapping[Verdict, int] = {"promote": 0, "ask": 1, "hold": 2}
NOT_COMPARABLE = "The metrics are the service's, each version's on users of its own data: not comparable."
COLUMNS = ("metric", "against", "new", "other", "difference", "tolerance", "verdict")


@dataclass(frozen=True)
class Version:
    """A solution version that is compared: what it is called in the table, and its metrics."""

    arn: str
    metrics: Mapping[str, float]
    held_out_users: int | None = None


@dataclass(frozen=True)
class SameUsers:
    """The comparison on the same users, or why there is none.

    :param judges_popularity: whether the recipe does what recommending the popular does
    """

    compared: Compared | None = None
    why_not: str = "The pipeline file has no `comparison`."
    judges_popularity: bool = False

    def decides(self, live: Version | None) -> bool:
        """Whether there are intervals to decide by."""
        line = self.compared.line(self.compared.metric) if self.compared else None
        return line is not None and (POPULAR if live is None else LIVE) in line.intervals


@dataclass(frozen=True)
class Row:
    """One comparison. `other` is None if there is nothing to compare with."""

    metric: str
    against: Against
    new: float | None
    other: float | None
    tolerance: float
    verdict: Verdict
    how: str

    @property
    def cells(self) -> tuple[str, ...]:
        difference = None if self.new is None or self.other is None else self.new - self.other
        return (
            self.metric,
            self.against,
            _number(self.new),
            _number(self.other),
            _number(difference, signed=True),
            f"{self.tolerance:.4f} ({self.how})",
            f"worse: {self.verdict}" if self.is_worse else self._not_worse(),
        )

    @property
    def is_worse(self) -> bool:
        return self.new is None or (self.other is not None and self.new < self.other - self.tolerance)

    def _not_worse(self) -> str:
        return "nothing to compare" if self.other is None else "good"


@dataclass(frozen=True)
class Decision:
    """What becomes of a new version, why, and the table that it was decided by."""

    solution: str
    new: str
    live: str | None
    verdict: Verdict
    reasons: Sequence[str]
    rows: Sequence[Row] = field(default_factory=tuple)
    compared: Compared | None = None

    @property
    def headline(self) -> str:
        does = {"promote": "promoted", "ask": "asked about", "hold": "held"}[self.verdict]
        return f"{self.solution}: {_short(self.new)} is {does}. {' '.join(self.reasons)}"

    def as_text(self) -> str:
        """For the log."""
        return "\n".join([self.headline, *self._tables("text", as_text)])

    def as_markdown(self) -> str:
        """For a question and for mails."""
        return "\n\n".join([f"**{self.headline}**", *self._tables("markdown", as_markdown)])

    def _tables(self, layout: str, table: Callable[..., str]) -> list[str]:
        compared = [as_document(self.compared)[layout]] if self.compared else []
        return [*compared, *([table(COLUMNS, [row.cells for row in self.rows])] if self.rows else [])]

    def as_json(self) -> dict[str, Any]:
        """For XCom and the history."""
        return {
            "solution": self.solution,
            "new": self.new,
            "live": self.live,
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "text": self.as_text(),
            "markdown": self.as_markdown(),
            "comparison": None if self.compared is None else as_document(self.compared),
            "rows": [{**vars(row), "worse": row.is_worse} for row in self.rows],
        }


def decide(
    solution: str,
    gate: Gate,
    new: Version,
    live: Version | None,
    popularity: Version | None,
    *,
    past: Sequence[Mapping[str, float]] = (),
    same_users: SameUsers = SameUsers(),
    trained_by_service: bool = False,
    remarks: Iterable[str] = (),
    policy: Policy = "gate",
) -> Decision:
    """Judge a new version.

    :param past: metrics of earlier versions of the solution, oldest first
    :param same_users: the comparison; where it has intervals, of the service's metrics only the floors count
    :param trained_by_service: nobody asked for this version, the service trained it by itself
    :param remarks: further facts for the reader
    :param policy: what the person who started the run wants; only `promote` overrides the gate's no
    """
    compared = same_users.compared if same_users.decides(live) else None
    rows: list[Row] = []
    for metric, rule in gate.metrics.items():
        rows += _rows(metric, rule, gate, new, live, popularity, past)
    if compared:
        rows = [row for row in rows if row.against == "floor"]
    judged = findings(compared, gate.same_users, same_users.judges_popularity) if compared else ()
    worse = [row for row in rows if row.is_worse]
    verdicts = [row.verdict for row in worse] + [_verdict(finding, gate) for finding in judged]
    verdict: Verdict = max(verdicts, key=SEVERITY.__getitem__, default="promote")
    reasons = [_reason(row) for row in worse]
    if compared:
        reasons = [*(finding.reason for finding in judged), *reasons] or [summary(compared)]
    else:
        reasons = [
            *(reasons or [_reason_to_promote(live, popularity)]),
            *_not_comparable(same_users, live, popularity),
        ]
    if trained_by_service and verdict == "promote":
        verdict = "ask"
        reasons.append("The service trained this version by itself, so a person decides.")
    if policy != "gate":
        reasons.append(f"The run was started with promote={policy}; the gate alone says {verdict}.")
        verdict = policy
    live_arn = live.arn if live else None
    return Decision(solution, new.arn, live_arn, verdict, (*reasons, *remarks), tuple(rows), compared)


def _verdict(finding: Finding, gate: Gate) -> Verdict:
    if finding.outcome == "met":
        return "promote"
    if finding.outcome == "undecided":
        return gate.same_users.undecided
    return gate.worse_than_live if finding.against == "live" else gate.worse_than_popularity


def _not_comparable(same_users: SameUsers, live: Version | None, popularity: Version | None) -> list[str]:
    """What a reader has to know of metrics of the service that were compared all the same."""
    if live is None and popularity is None:
        return []
    if same_users.compared is not None:
        return [f"{NOT_COMPARABLE} {summary(same_users.compared)}"]
    return [f"{NOT_COMPARABLE} {same_users.why_not}"]


def _rows(
    metric: str,
    rule: MetricRule,
    gate: Gate,
    new: Version,
    live: Version | None,
    popularity: Version | None,
    past: Sequence[Mapping[str, float]],
) -> list[Row]:
    value = new.metrics.get(metric)
    rows = []
    comparisons: tuple[tuple[Against, Version | None, Verdict], ...] = (
        ("live", live, gate.worse_than_live),
        ("popularity", popularity, gate.worse_than_popularity),
    )
    for against, version, verdict in comparisons:
        other = version.metrics.get(metric) if version else None
        tolerance, how = _tolerance(metric, rule, gate.confidence, value, other, new.held_out_users, past)
        rows.append(Row(metric, against, value, other, tolerance, verdict, how))
    if rule.floor is not None:
        rows.append(Row(metric, "floor", value, rule.floor, 0.0, gate.below_floor, "exact"))
    return rows


def _tolerance(
    metric: str,
    rule: MetricRule,
    confidence: float,
    value: float | None,
    other: float | None,
    held_out_users: int | None,
    past: Sequence[Mapping[str, float]],
) -> tuple[float, str]:
    if rule.tolerance != "estimate":
        return rule.tolerance, "given"
    if value is None or other is None:
        return 0.0, "exact"
    return noise(confidence, value, other, held_out_users, [run[metric] for run in past if metric in run])


def noise(
    confidence: float, value: float, other: float, held_out_users: int | None, past: Sequence[float]
) -> tuple[float, str]:
    """The largest drop that chance alone explains with this (one-sided) confidence, and how it was estimated.

    Between runs: the spread of the differences from one run to the next, if there are enough runs. A median
    absolute deviation, so that a single broken run does not widen it for ever; and at least a hundredth of the metric,
    for runs on unchanged data that all give the same. Otherwise by users: a metric is a
    mean over users of values between 0 and 1, so its variance is at most m(1-m)/n for a mean of m over n users.
    """
    certainty = statistics.NormalDist().inv_cdf(confidence)
    if len(past) >= ENOUGH_RUNS:
        moves = [after - before for before, after in itertools.pairwise(past)]
        middle = statistics.median(moves)
        spread = 1.4826 * statistics.median([abs(move - middle) for move in moves])
        least = LEAST_TOLERANCE * abs(other)
        if certainty * spread < least:
            return least, f"{LEAST_TOLERANCE:.0%} of it: the last {len(past)} runs differ by less"
        return certainty * spread, f"estimated from {len(past)} runs"
    if not held_out_users:
        return 0.0, "no estimate: the number of users is not known"
    variance = (value * (1 - value) + other * (1 - other)) / held_out_users
    return certainty * math.sqrt(max(variance, 0.0)), f"estimated from {held_out_users} held-out users"


def _reason(row: Row) -> str:
    if row.new is None:
        return f"The service gives no {row.metric}."
    what = {
        "live": "the live version's",
        "popularity": "what the popular items reach,",
        "floor": "the floor of",
    }
    return f"{row.metric} {row.new:.4f} is below {what[row.against]} {row.other:.4f} (tolerance {row.tolerance:.4f})."


def _reason_to_promote(live: Version | None, popularity: Version | None) -> str:
    if live is None:
        return "Nothing is live yet, and it passes the floors."
    return "It is as good as the live version" + (
        " and the popular items, within noise." if popularity else ", within noise."
    )


def _number(value: float | None, signed: bool = False) -> str:
    return "-" if value is None else f"{value:+.4f}" if signed else f"{value:.4f}"


def _short(arn: str) -> str:
    return "/".join(arn.split("/")[1:]) or arn
