"""What must be true after every day, whatever has gone wrong on it."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.end_to_end.pipeline_stack import RETRAIN
from tests.resilience.model import difference
from tests.resilience.month import Month
from tests.resilience.observation import DATASETS, Run

MESSAGE_SECONDS = 60.0
#: The service's lists of what is paid for by the hour or takes a place, and what a run may leave in them.
LEFT = {
    "dataset_groups": ["shop"],
    "solutions": [Month.SOLUTION],
    "campaigns": [Month.SOLUTION],
    "filters": [],
    "event_trackers": ["shop"],
    "recommenders": [],
    "batch_inference_jobs": [],
    "batch_segment_jobs": [],
}


class Invariants:
    """Compares the model with what there is."""

    def __init__(self, month: Month) -> None:
        self.month, self.observation = month, month.observation
        self._jobs, self._versions, self._moves = set[str](), set[str](), 0
        self._outcomes: dict[str, str] = {}

    def check(self) -> list[str]:
        """What is not as it should be, in sentences."""
        retrainings = [run for run in self.month.runs if run.dag_id == RETRAIN]
        problems = [] if any(run.state == "success" for run in retrainings) else ["no retraining succeeded"]
        problems += [
            f"{run.dag_id} {run.run_id} failed again after its clear"
            for run in self.month.runs
            if run.state == "failed" and run.is_cleared
        ]
        problems += self._update_live()
        for check in (self._rows, self._once, self._campaign, self._left, self._history):
            problems += check()
        for run in self.month.runs:
            problems += self.reasons(run)
        return problems + list(self._said())

    def _update_live(self) -> Iterator[str]:
        """By the grid: a version goes live in `campaign`, and stays if `verify` is content."""
        for run in sorted(self.month.runs, key=self.observation.end_of):
            outcome = outcome_of(run)
            if run.dag_id == RETRAIN:
                self._outcomes[run.run_id] = outcome
            if outcome == "promoted":
                self.month.promoted.append(str(self.observation.version_of(run)))
            if run.dag_id == Month.ROLLBACK and run.state == "success":
                self.month.promoted.append(self.month.promoted[-2])
        yield from ()

    def _rows(self) -> Iterator[str]:
        shop = self.month.shop
        acknowledged = Counter(shop.acknowledged)
        expected = {
            "interactions": shop.interactions(self.month.today),
            "users": shop.user_rows(),
            "items": shop.item_rows(),
        }
        for dataset in DATASETS:
            rows = list(self.observation.rows(dataset))
            # What went out and has no answer, or got it in the meantime, may be there; once.
            unsure = Counter(shop.sent) - acknowledged if dataset == "interactions" else None
            if wrong := difference(expected[dataset], rows, unsure):
                yield f"{dataset}: {wrong}"

    def _once(self) -> Iterator[str]:
        runs = [run for run in self.month.runs if run.dag_id == RETRAIN]
        jobs = {job["datasetImportJobArn"]: job for job in self.observation.every("dataset_import_jobs")}
        versions = {v["solutionVersionArn"]: v for v in self.observation.every("solution_versions")}
        new_jobs = [job for arn, job in jobs.items() if arn not in self._jobs]
        new_versions = [version for arn, version in versions.items() if arn not in self._versions]
        moves = sum(self.month.stack.network.done[name] for name in ("CreateCampaign", "UpdateCampaign"))
        for what, entries in (("import", new_jobs), ("version", new_versions)):
            if going := [entry for entry in entries if "IN_PROGRESS" in entry["status"]]:
                yield f"{what} goes on after the day: {going}"
        # What a person has had done again, or has ended in the middle: so many more there may be.
        extra = sum(run.repeated + run.is_cut for run in self.month.runs)
        for dataset in DATASETS:
            done = sum(run.is_done(f"import_{dataset}") for run in runs)
            active = [
                job for job in new_jobs if f"import_{dataset}" in job["jobName"] and job["status"] == "ACTIVE"
            ]
            if not done <= len(active) <= done + extra:
                yield f"{done} imports of {dataset} were wanted, {[job['jobName'] for job in active]} were made"
        trained = [self.observation.version_of(run) for run in runs if run.is_done("solution.train[0]")]
        active_versions = {v["solutionVersionArn"] for v in new_versions if v["status"] == "ACTIVE"}
        if len(set(trained)) != len(trained) or not set(trained) <= active_versions:
            yield f"runs name the versions {trained}, the service has {active_versions}"
        if len(active_versions) > len(trained) + extra:
            yield f"{len(trained)} trainings were wanted, {active_versions} were made"
        wanted = sum(run.is_done("solution.campaign[0]") for run in runs)
        wanted += sum(run.dag_id == Month.ROLLBACK and run.is_done("campaign") for run in self.month.runs)
        if not wanted <= moves - self._moves <= wanted + extra:
            yield f"{wanted} moves of the campaign were wanted, {moves - self._moves} were made"
        self._jobs, self._versions, self._moves = set(jobs), set(versions), moves

    def _campaign(self) -> Iterator[str]:
        campaign = self.observation.campaign()
        if campaign["status"] != "ACTIVE":
            yield f"the campaign is {campaign['status']}"
        if campaign["solutionVersionArn"] != self.month.promoted[-1]:
            yield f"the campaign serves {campaign['solutionVersionArn']}, promoted was {self.month.promoted[-1]}"
        yield from self.month.application_problems()

    def _left(self) -> Iterator[str]:
        for noun, expected in LEFT.items():
            names = sorted(
                str(entry.get("name") or entry.get("jobName")) for entry in self.observation.every(noun)
            )
            if names != expected:
                yield f"{noun} are {names}, not {expected}"
        if uploads := self.observation.unfinished_uploads():
            yield f"uploads that nobody has ended: {uploads}"

    def _history(self) -> Iterator[str]:
        rows = [row for row in self.observation.history() if row["dag_id"] == RETRAIN]
        recorded = sorted((row["run_id"], row["outcome"]) for row in rows)
        expected = sorted(
            (run_id, outcome) for run_id, outcome in self._outcomes.items() if outcome != "nothing"
        )
        if recorded != expected:
            wrong = set(recorded) ^ set(expected)
            yield f"the history and what has happened differ in {sorted(wrong) or recorded}"
        live = {row["solution_version_arn"] for row in rows if row["outcome"] == "promoted"}
        if live != set(self.month.promoted):
            yield f"the history has {live} as live, promoted were {set(self.month.promoted)}"

    def reasons(self, run: Run) -> Iterator[str]:
        """Every stop has its reason: in a message, in the history, on the page of the run."""
        outcome = outcome_of(run)
        if outcome not in ("failed", "held", "promoted"):
            return
        if not self.observation.messages(quote(run.run_id), MESSAGE_SECONDS):
            yield f"nobody has heard of {run.dag_id} {run.run_id}, which {outcome}"
        if outcome == "promoted" or run.dag_id != RETRAIN:
            return
        if any(fault.hides_history for fault in self.month.faults) and not run.is_cleared:
            return
        rows: list[dict[str, Any]] = [
            row for row in self.observation.history() if row["run_id"] == run.run_id
        ]
        if not rows or not all(row["reason"] for row in rows):
            yield f"the history gives no reason for {run.run_id}, which {outcome}"
        answer = self.month.stack.airflow.http.get(f"/encore/groups/shop/runs/{RETRAIN}/{quote(run.run_id)}")
        page = html.unescape(answer.text)
        if answer.status_code != 200 or not any(task.partition("[")[0] in page for task in _stops(run)):
            yield f"the page of {run.run_id}, which {outcome}, does not name {_stops(run)}"

    def _said(self) -> Iterator[str]:
        """A fault that stops a run is named by its message."""
        if len(self.month.faults) == 1:
            messages = [
                message for run in self.month.runs for message in self.observation.messages(quote(run.run_id))
            ]
            for text in self.month.faults[0].said:
                if not any(text in message for message in messages):
                    yield f"no message of the day says {text!r}"


def outcome_of(run: Run) -> str:
    """By the states of its tasks alone."""
    if run.state == "failed":
        return "failed"
    if run.is_done("solution.verify[0]"):
        return "promoted"
    if run.is_done("solution.held[0]"):
        return "held"
    if run.is_cut:  # between two tasks: Airflow skips the rest, and shows success
        return "failed"
    return "nothing"


def _stops(run: Run) -> list[str]:
    return run.failed_tasks or ["held", "record"]
