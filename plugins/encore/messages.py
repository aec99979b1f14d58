"""What a run has to say: one message, grouped by outcome, with reasons and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import conf

from encore.config.policies import Event
from encore.runs.failure_reasons import Failure

_OUTCOMES: tuple[Event, ...] = ("failed", "held", "promoted")


@dataclass(frozen=True)
class Message:
    """One message: what it tells of, a subject of one line, and the text with tables and links."""

    events: tuple[Event, ...]
    subject: str
    text: str


def run_url(dag_id: str, run_id: str) -> str:
    """The page of a run in Airflow."""
    base = conf.get("api", "base_url", fallback="http://localhost:8080/").rstrip("/")
    return f"{base}/dags/{dag_id}/runs/{quote(run_id)}"


def of_retraining(
    group: str,
    url: str,
    outcomes: Mapping[str, Mapping[str, Any]],
    decisions: Mapping[str, Mapping[str, Any]],
    failed: Sequence[Failure],
    *,
    has_recovered: bool = False,
    report: str | None = None,
    unused: Sequence[str] = (),
) -> Message | None:
    """The message of a retraining; None if nothing has come of it.

    :param url: the run's page
    :param outcomes: by solution, its `outcome` and `reason`, as they are recorded
    :param decisions: by solution, the gate's decision
    :param failed: tasks of the run that failed
    :param has_recovered: whether it had failed before, and its failed tasks were cleared since
    :param report: where the report of all runs is
    :param unused: what is paid for and not used, a sentence each
    """
    events: list[Event] = []
    headlines, parts = [], []
    if has_recovered:
        events.append("recovered")
        headlines.append("recovered")
        parts.append("What had failed in this run has succeeded now.")
    for event in _OUTCOMES:
        names = [name for name, outcome in outcomes.items() if outcome["outcome"] == event]
        failures = failed if event == "failed" else []
        if names or failures:
            events.append(event)
            headlines.append(
                f"{event} {', '.join(names) or ', '.join(_label(failure) for failure in failures)}"
            )
            parts += [_failure(failure) for failure in failures]
            for name in names:
                reason, table = outcomes[name]["reason"], decisions.get(name, {}).get("text")
                if not any(failure.as_text() == reason for failure in failures):
                    parts.append(_paragraph(f"{event}: {name}", reason, table))
    if not events:
        return None
    if unused:
        parts.append(_paragraph("Paid for and not used (encore stop):", *unused))
    links = [f"Run: {url}", *([f"Report: {report}"] if report else [])]
    return Message(tuple(events), f"{group}: {'; '.join(headlines)}", "\n\n".join([*parts, "\n".join(links)]))


def of_failed_run(group: str, dag_id: str, url: str, failed: Sequence[Failure], reason: str) -> Message:
    """The message of any other DAG's run that has failed.

    :param reason: what Airflow says, where no task is known to have failed
    """
    parts = [_failure(failure) for failure in failed] or [reason]
    return Message(("failed",), f"{group}: {dag_id} failed", "\n\n".join([*parts, f"Run: {url}"]))


def of_recovered_run(group: str, dag_id: str, url: str) -> Message:
    """The message of any other DAG's run that was cleared, and has succeeded."""
    text = f"The run was cleared and has succeeded.\n\nRun: {url}"
    return Message(("recovered",), f"{group}: {dag_id} recovered", text)


def of_late_run(group: str, dag_id: str, run_id: str, hours: float) -> Message:
    """The message of a run that is not over after its deadline."""
    text = f"The run {run_id} still runs {hours:g} hours after its begin. Look at what it waits for."
    text += f"\n\nRun: {run_url(dag_id, run_id)}"
    return Message(("late",), f"{group}: the run is late", text)


def of_rollback(group: str, campaign: str, version_arn: str, reason: str, url: str) -> Message:
    """The message of a campaign that was put back to an earlier version."""
    subject = f"{group}: {campaign} rolled back to {version_arn.split('/')[-1]}"
    return Message(("promoted",), subject, f"{reason}\n\nRun: {url}")


def _label(failure: Failure) -> str:
    return f"{failure.task} [{failure.label}]" if failure.label else failure.task


def _failure(failure: Failure) -> str:
    return _paragraph(f"Failed task: {_label(failure)}", failure.reason, f"Log: {failure.link}")


def _paragraph(*lines: str | None) -> str:
    return "\n".join(line.strip() for line in lines if line and line.strip())
