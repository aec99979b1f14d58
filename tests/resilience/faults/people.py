"""What a person does while a run works."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.end_to_end.pipeline_stack import RETRAIN
from tests.resilience.faults.base import Fault, SuddenFault
from tests.resilience.observation import Run

if TYPE_CHECKING:
    from tests.resilience.month import Month

BROKEN_SECONDS = 10


class ClearsWhatHasSucceeded(SuddenFault):
    """Clears a task that has succeeded, with all that follows from it, while the run works."""

    def strike(self, month: Month, run: Run) -> None:
        done = [task for task, state in run.tasks.items() if state == "success" and "[" not in task]
        task = self.draw.choice(sorted(set(done) - {"validate_parameters"}) or ["preflight"])
        run.repeated += 1
        choices = {"task_ids": [task], "only_failed": False, "include_downstream": True}
        month.stack.clear(RETRAIN, {"dag_run_id": run.run_id, **choices})


class MarksFailed(SuddenFault):
    """Marks the run as failed while it works, and clears it then."""

    def strike(self, month: Month, run: Run) -> None:
        run.is_cut = True
        month.stack.airflow.patch(f"/dags/{RETRAIN}/dagRuns/{run.run_id}", {"state": "failed"})


class TriggersTwice(SuddenFault):
    """Starts a second retraining beside the first."""

    def strike(self, month: Month, run: Run) -> None:
        month.start_retraining()


class BackfillsDuringARun(SuddenFault):
    """Exports some days again while the retraining reads them."""

    def strike(self, month: Month, run: Run) -> None:
        last = datetime(month.today.year, month.today.month, month.today.day, tzinfo=UTC)
        before = set(month.observation.runs(month.EXPORT))
        month.stack.airflow.post(
            "/backfills",
            {
                "dag_id": month.EXPORT,
                "from_date": (last - timedelta(days=self.draw.randint(1, 4))).isoformat(),
                "to_date": last.isoformat(),
                "reprocess_behavior": "completed",
                "max_active_runs": 2,
            },
        )
        made = set(month.observation.runs(month.EXPORT)) - before
        month.runs += [Run(month.EXPORT, run_id) for run_id in sorted(made)]


class BreaksThePipelineFile(SuddenFault):
    """Saves a file that is no pipeline file, and mends it after some seconds."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self._right: str | None = None
        self._since = 0.0

    def strike(self, month: Month, run: Run) -> None:
        self._right, self._since = month.stack.file.read_text(), time.monotonic()
        month.stack.file.write_text(self._right.replace("solutions:", "solutons:"))

    def step(self, month: Month, run: Run) -> None:
        super().step(month, run)
        if time.monotonic() - self._since > BROKEN_SECONDS:
            self.heal(month)

    def heal(self, month: Month) -> None:
        if self._right is not None:
            month.stack.file.write_text(self._right)
            self._right = None


class RollsBack(Fault):
    """Puts the version back that was live before."""

    has_happened = False

    def finish(self, month: Month) -> None:
        if len(month.promoted) > 1:
            self.has_happened = True
            month.mend(month.wait(month.start(month.ROLLBACK, {"campaign": month.SOLUTION})))
