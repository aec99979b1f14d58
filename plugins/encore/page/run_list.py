"""The last runs of a group, each with what came of it in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from encore.config.models import DatasetGroup
from encore.page.airflow_api import AirflowApi, run_path
from encore.page.progress import GOES_ON, progress, usual_seconds
from encore.page.task_errors import error_of
from encore.report.wording import ACTIVE, STOPPED, outcome_word

Outcome = Literal["promoted", "held", "failed", "running", "waiting", "nothing"]
Row = Mapping[str, Any]
MOST_RUNS = 12
#: So many of the failed runs are asked for their error: each is one more log to read.
MOST_ERRORS = 3
ENDED = ("success", "failed")


@dataclass(frozen=True)
class RunLine:
    """One run.

    :param sentences: what came of it, a sentence for each solution or one for all
    """

    dag_id: str
    run_id: str
    kind: str
    when: datetime
    seconds: float | None
    outcome: Outcome
    sentences: Sequence[str]
    rows: Sequence[Row] = field(default_factory=tuple)
    is_known: bool = True

    @property
    def word(self) -> str:
        return word_of(self.rows) if self.outcome in ("promoted", "nothing") else ""


def last_runs(api: AirflowApi, group: DatasetGroup, past: Sequence[Row]) -> list[RunLine]:
    """Runs of the retraining and of rollbacks, the newest first; of those that Airflow has forgotten, the history.

    :param past: the history, oldest first
    """
    rows: dict[str, list[Row]] = {}
    for row in past:
        rows.setdefault(row["run_id"], []).append(row)
    runs = [
        run
        for dag_id in (group.dag_id("retrain_recommenders"), group.dag_id("rollback_campaign"))
        for run in (
            api.find(f"/dags/{quote(dag_id, safe='')}/dagRuns", order_by="-run_after", limit=MOST_RUNS) or {}
        ).get("dag_runs", ())
    ]
    usual = usual_seconds(past)
    lines, errors_left = [], MOST_ERRORS
    for run in sorted(runs, key=lambda run: str(run["run_after"]), reverse=True):
        own = rows.pop(run["dag_run_id"], [])
        is_unexplained = run["state"] == "failed" and not own
        lines.append(_line(api, run, own, usual, with_error=is_unexplained and errors_left > 0))
        errors_left -= is_unexplained
    lines += [_forgotten(run_id, own) for run_id, own in rows.items()]
    return sorted(lines, key=lambda line: line.when, reverse=True)[:MOST_RUNS]


def outcome_of(rows: Iterable[Row]) -> Outcome:
    """The worst of what became of a run's versions and recommenders; that one is stopped is no fault."""
    outcomes = {row["outcome"] for row in rows if outcome_word(row) != STOPPED}
    return next((outcome for outcome in ("failed", "held", "promoted") if outcome in outcomes), "nothing")


def word_of(rows: Sequence[Row]) -> str:
    """What a run's outcome is called where recommenders alone came of it; empty for all others."""
    words = {outcome_word(row) for row in rows}
    return next((word for word in (ACTIVE, STOPPED) if word in words and words <= {ACTIVE, STOPPED}), "")


def sentences_of(rows: Iterable[Row]) -> list[str]:
    """What became of a run's solutions; those of which the same is true share a sentence."""
    names: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        names.setdefault((outcome_word(row), row["reason"] or ""), []).append(row["solution"])
    return [f"{', '.join(solutions)} {outcome}: {reason}" for (outcome, reason), solutions in names.items()]


def moment(text: str | None) -> datetime | None:
    """A time as Airflow's API writes it."""
    return datetime.fromisoformat(text) if text else None


def seconds_of(run: Mapping[str, Any]) -> float | None:
    """How long a run or task took, or takes by now; None before its start."""
    start, end = moment(run["start_date"]), moment(run["end_date"])
    return ((end or datetime.now(UTC)) - start).total_seconds() if start else None


def _line(
    api: AirflowApi,
    run: Mapping[str, Any],
    rows: Sequence[Row],
    usual: Mapping[str, float],
    *,
    with_error: bool,
) -> RunLine:
    outcome: Outcome = outcome_of(rows)
    sentences = sentences_of(rows)
    if run["state"] not in ENDED:
        outcome, sentences = _unfinished(api, run, usual)
    elif run["state"] == "failed":
        outcome = "failed"
        sentences = sentences or [_failure(api, run) if with_error else "Failed before a version came of it."]
    elif not rows:
        is_dry = (run.get("conf") or {}).get("dry_run")
        sentences = ["A dry run: nothing was changed." if is_dry else "Nothing was trained."]
    return RunLine(
        run["dag_id"],
        run["dag_run_id"],
        run["run_type"],
        moment(run["run_after"]) or datetime.now(UTC),
        seconds_of(run),
        outcome,
        sentences,
        rows,
    )


def _unfinished(
    api: AirflowApi, run: Mapping[str, Any], usual: Mapping[str, float]
) -> tuple[Outcome, list[str]]:
    if run["state"] == "queued":
        return "running", ["Waits for its turn."]
    tasks = list(api.all(f"{run_path(run['dag_id'], run['dag_run_id'])}/taskInstances", "task_instances"))
    if any(task["state"] == "awaiting_input" for task in tasks):
        return "waiting", ["Waits for an answer."]
    busy = [_with_progress(task, usual) for task in tasks if task["state"] in GOES_ON]
    done = sum(task["state"] in ("success", "skipped") for task in tasks)
    now = f": {', '.join(dict.fromkeys(busy))}" if busy else ""
    return "running", [f"{done} of {len(tasks)} steps are done{now}."]


def _with_progress(task: Mapping[str, Any], usual: Mapping[str, float]) -> str:
    name = label(task)
    said = progress(name, task["state"], seconds_of(task), usual)
    return f"{name} ({said})" if said else name


def label(task: Mapping[str, Any]) -> str:
    """What a step is called: its id in words, of a mapped one what it is mapped over instead of its group."""
    if mapped := task.get("rendered_map_index"):
        return f"{task['task_id'].rsplit('.', 1)[-1].replace('_', ' ')} {mapped}"
    return str(task["task_id"]).replace(".", " ").replace("_", " ")


def _failure(api: AirflowApi, run: Mapping[str, Any]) -> str:
    path = f"{run_path(run['dag_id'], run['dag_run_id'])}/taskInstances"
    failed = sorted(api.all(path, "task_instances", state="failed"), key=lambda task: str(task["end_date"]))
    if not failed:
        return "Failed before a version came of it."
    return f"{label(failed[0])} failed: {error_of(api, failed[0]).headline}"


def _forgotten(run_id: str, rows: Sequence[Row]) -> RunLine:
    first = rows[0]
    return RunLine(
        first["dag_id"] or "",
        run_id,
        first["run_type"] or "",
        first["recorded_at"],
        None,
        outcome_of(rows),
        sentences_of(rows),
        rows,
        is_known=False,
    )
