"""Whether a run's data looks like data, before it replaces what the service has."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from encore.config.policies import DataGate
from encore.gates import drift
from encore.gates.checks import Check
from encore.gates.drift import Drift
from encore.text_tables import as_markdown, as_text

COLUMNS = ("check", "found", "limit", "result")


class DataGateError(Exception):
    """The data is not what it usually is. The message names each check that failed, and the next step."""


@dataclass(frozen=True)
class DatasetFacts:
    """What is known of one dataset's data before its import.

    :param usual: rows that earlier runs imported, the newest last
    :param rejected: share of rows that the last export rejected; None if that is not known
    :param days: rows of each day partition, in the order of days; empty for users and items
    """

    dataset: str
    rows: int
    usual: Sequence[int] = ()
    rejected: float | None = None
    days: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True)
class InteractionFacts:
    """What the newest interactions show; shares of None could not be computed.

    :param newest: epoch seconds of the newest interaction
    """

    newest: int | None = None
    unknown_users: float | None = None
    unknown_items: float | None = None
    distinct_users: int | None = None
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """All checks of one run."""

    checks: Sequence[Check]

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if not check.passed]

    def as_text(self) -> str:
        return as_text(COLUMNS, [check.cells for check in self.checks])

    def as_json(self) -> dict[str, Any]:
        return {
            "passed": not self.failed,
            "text": self.as_text(),
            "markdown": as_markdown(COLUMNS, [check.cells for check in self.checks]),
            "failed": [f"{check.name}: {check.value}, limit {check.limit}" for check in self.failed],
        }

    def raise_if_failed(self) -> None:
        """
        :raises DataGateError: if a check failed.
        """
        if self.failed:
            reasons = "; ".join(
                f"{check.name} is {check.value}, the limit {check.limit}" for check in self.failed
            )
            advice = " ".join(dict.fromkeys(check.advice for check in self.failed if check.advice))
            raise DataGateError(
                f"The data is not imported, what the service has stays: {reasons}. {advice} If it is right as it is,"
                " change `data_gate` in the pipeline file, or trigger the run with data_gate=warn."
            )


def judge(
    gate: DataGate,
    datasets: Sequence[DatasetFacts],
    interactions: InteractionFacts,
    now: datetime,
    drifts: Sequence[Drift] = (),
) -> Verdict:
    """Hold the facts against the limits of the pipeline file.

    :param now: what the age of the newest interaction is measured from
    :param drifts: profiles to compare
    """
    checks: list[Check] = []
    for facts in datasets:
        checks += _rows(gate, facts)
        checks += _newest_day(gate, facts)
        checks += _rejected(gate, facts)
    for change in drifts:
        checks += drift.checks(gate, change)
    checks += _age(gate, interactions, now)
    checks += _unknown(gate.max_unknown_users, interactions.unknown_users, "users", interactions)
    checks += _unknown(gate.max_unknown_items, interactions.unknown_items, "items", interactions)
    return Verdict(checks)


def reference_time(as_of: str | None) -> datetime:
    """What ages are measured from: now, or the end of the day up to which a person has chosen to import."""
    if not as_of:
        return datetime.now(UTC)
    return datetime.fromisoformat(as_of).replace(tzinfo=UTC) + timedelta(days=1)


def _rows(gate: DataGate, facts: DatasetFacts) -> Iterator[Check]:
    before = list(facts.usual)[-gate.compare_runs :]
    if not before:
        return
    usual = statistics.median(before)
    limits = []
    if gate.max_drop is not None:
        limits.append(f"at least {usual * (1 - gate.max_drop):,.0f}")
    if gate.max_jump is not None:
        limits.append(f"at most {usual * gate.max_jump:,.0f}")
    too_few = gate.max_drop is not None and facts.rows < usual * (1 - gate.max_drop)
    too_many = gate.max_jump is not None and facts.rows > usual * gate.max_jump
    yield Check(
        f"rows of {facts.dataset}",
        f"{facts.rows:,} (usually {usual:,.0f})",
        " and ".join(limits) or "none",
        not (too_few or too_many),
        f"Look at the export of {facts.dataset} and at its query.",
    )


def _newest_day(gate: DataGate, facts: DatasetFacts) -> Iterator[Check]:
    if gate.max_day_drop is None or len(facts.days) <= drift.EARLIER_NEEDED:
        return
    *before, (day, rows) = facts.days[-drift.DAYS_COMPARED - 1 :]
    counts = [count for _, count in before]
    usual = statistics.median(counts)
    least = min([usual, *drift.same_weekdays(counts)]) * (1 - gate.max_day_drop)
    yield Check(
        f"{facts.dataset} of {day}",
        f"{rows:,} rows (usually {usual:,.0f})",
        f"at least {least:,.0f}",
        rows >= least,
        f"Export {day} again when the product database has all of it.",
    )


def _rejected(gate: DataGate, facts: DatasetFacts) -> Iterator[Check]:
    if gate.max_rejected is None or facts.rejected is None:
        return
    yield Check(
        f"rejected {facts.dataset}",
        f"{facts.rejected:.2%}",
        f"at most {gate.max_rejected:.2%}",
        facts.rejected <= gate.max_rejected,
        "The rejected rows with their reasons are beside the partitions in S3.",
    )


def _age(gate: DataGate, interactions: InteractionFacts, now: datetime) -> Iterator[Check]:
    if gate.max_age_hours is None:
        return
    if interactions.newest is None:
        yield Check("newest interaction", "none", f"at most {gate.max_age_hours:g} h old", False)
        return
    newest = datetime.fromtimestamp(interactions.newest, UTC)
    age = now - newest
    yield Check(
        "newest interaction",
        f"{newest:%Y-%m-%d %H:%M} UTC, {age.total_seconds() / 3600:.1f} h old",
        f"at most {gate.max_age_hours:g} h old",
        age <= timedelta(hours=gate.max_age_hours),
        "See whether export_interactions has run, and whether events still arrive in the product database.",
    )


def _unknown(
    limit: float | None, share: float | None, what: str, interactions: InteractionFacts
) -> Iterator[Check]:
    if limit is None or share is None:
        return
    examples = ", ".join(interactions.examples.get(what, ())[:3])
    yield Check(
        f"interactions of unknown {what}",
        f"{share:.2%}" + (f" (e.g. {examples})" if examples else ""),
        f"at most {limit:.2%}",
        share <= limit,
        f"Compare the ids in the queries of interactions and {what}.",
    )
