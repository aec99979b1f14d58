"""One run, as its page tells it: its steps in time, its data, how its versions compare, and what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from airflow_personalize.links import PersonalizeResourceLink
from encore.page.airflow_api import AirflowApi, run_path, xcom
from encore.page.progress import progress, usual_seconds
from encore.page.run_list import ENDED, label, moment, seconds_of
from encore.page.task_errors import TaskError, error_of
from encore.report.comparisons import View, view_of

Row = Mapping[str, Any]
#: Steps that tell of a run, by their operators. The page knows no task ids.
DATA_GATE = "PersonalizeDataGateOperator"
GATE = "PersonalizeGateOperator"
EXPORT = "SqlToPersonalizeDatasetOperator"
RECORD = "PersonalizeRecordRunOperator"
NOTIFY = "PersonalizeNotifyOperator"
DRY_RUN = "PersonalizeDryRunOperator"
LEFT_OUT = ("skipped", "removed", "restarting", None)


@dataclass(frozen=True)
class Step:
    """A task instance on the timeline.

    :param begin: where its bar begins, as a share of the run's time; `length` likewise
    :param progress: of one that goes on, how far it is and when it should end, in words
    """

    name: str
    state: str
    seconds: float | None
    begin: float
    length: float
    tries: int
    task: Row
    progress: str = ""


@dataclass(frozen=True)
class Failure:
    """A step that failed: why, and where to look."""

    step: str
    error: TaskError
    task: Row
    resource: str


@dataclass(frozen=True)
class RunDetails:
    """Everything that is known of a run; what it has not reached is empty.

    :param data: what the data gate has returned; `exports` by dataset
    :param decisions: the gate's, in the order of solutions
    :param rows: the history's
    """

    run: Row
    steps: Sequence[Step]
    failures: Sequence[Failure]
    data: Row = field(default_factory=dict)
    exports: Sequence[Row] = ()
    decisions: Sequence[Row] = ()
    rows: Sequence[Row] = ()
    recorded: Row = field(default_factory=dict)
    preview: Sequence[str] = ()

    @property
    def is_over(self) -> bool:
        return self.run["state"] in ENDED

    @property
    def seconds(self) -> float | None:
        return seconds_of(self.run)

    @property
    def checks(self) -> list[list[str]]:
        """The data gate's table, without its head: check, what was seen, limit, result."""
        return table_of(self.data.get("markdown", ""))

    def comparison_of(self, decision: Row, outcome: str) -> View | None:
        """How the version fared beside the live one, on the same users; None where they were not compared."""
        document = decision.get("comparison")
        return view_of(decision["solution"], outcome, document) if document else None

    def row_of(self, solution: str) -> Row:
        return next((row for row in self.rows if row["solution"] == solution), {})


def details(api: AirflowApi, dag_id: str, run_id: str, past: Sequence[Row]) -> RunDetails:
    """The run.

    :param past: the history
    :raises AirflowApiError: if there is no such run, or the reader may not see it
    """
    path = run_path(dag_id, run_id)
    run = api.get(path)
    tasks = list(api.all(f"{path}/taskInstances", "task_instances"))
    failed = [task for task in tasks if task["state"] == "failed"]
    data = [value for task in _of(tasks, DATA_GATE) if (value := xcom(api, task))]
    previews = [value for task in _of(tasks, DRY_RUN) if (value := xcom(api, task))]
    recorded = [value for task in _of(tasks, RECORD) if (value := xcom(api, task))]
    return RunDetails(
        run,
        _steps(run, tasks, usual_seconds(past)),
        [_failure(api, task) for task in failed if not _is_teardown(task, failed)],
        data[0] if data else {},
        [value for task in _of(tasks, EXPORT) if isinstance(value := xcom(api, task), Mapping)],
        [value for task in _of(tasks, GATE) if (value := xcom(api, task, "decision"))],
        [row for row in past if row["run_id"] == run_id],
        recorded[0] if recorded else {},
        previews[0]["lines"] if previews else (),
    )


def table_of(markdown: str) -> list[list[str]]:
    """The cells of a table that `text_tables.as_markdown` has made, without its head."""
    lines = [line[2:-2] for line in markdown.splitlines() if line.startswith("| ") and line.endswith(" |")]
    return [
        [cell.replace("\0", "|") for cell in line.replace("\\|", "\0").split(" | ")] for line in lines[2:]
    ]


def _of(tasks: Sequence[Row], operator: str) -> list[Row]:
    own = [task for task in tasks if task["operator"] == operator and task["state"] in ("success", "failed")]
    return sorted(own, key=lambda task: int(task["map_index"]))


def _is_teardown(task: Row, failed: Sequence[Row]) -> bool:
    """Record and notify fail beside what has failed, so that they are cleared with it."""
    is_last = task["operator"] in (RECORD, NOTIFY)
    return is_last and any(other["operator"] != task["operator"] for other in failed)


def _failure(api: AirflowApi, task: Row) -> Failure:
    resource = xcom(api, task, PersonalizeResourceLink.key)
    link = PersonalizeResourceLink().format_link(**resource) if isinstance(resource, Mapping) else ""
    return Failure(label(task), error_of(api, task), task, link)


def _steps(run: Row, tasks: Sequence[Row], usual: Mapping[str, float]) -> list[Step]:
    """What has begun, in the order of its beginning, on the time from the run's begin to its end or to now."""
    begun = [task for task in tasks if task["state"] not in LEFT_OUT and moment(task["start_date"])]
    first = moment(run["start_date"])
    if not begun or first is None:
        return []
    now = datetime.now(UTC)
    last = max([moment(run["end_date"]) or now, *(moment(task["end_date"]) or now for task in begun)])
    whole = max((last - first).total_seconds(), 1.0)
    steps = []
    for task in sorted(begun, key=lambda task: str(task["start_date"])):
        start, end = moment(task["start_date"]) or first, moment(task["end_date"]) or now
        steps.append(
            Step(
                label(task),
                task["state"],
                seconds_of(task),
                max((start - first).total_seconds() / whole, 0.0),
                max((end - start).total_seconds() / whole, 0.0),
                task["try_number"],
                task,
                progress(label(task), task["state"], seconds_of(task), usual),
            )
        )
    return steps
