"""The trigger that waits for other runs of a DAG."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from airflow.triggers.base import BaseTrigger, TriggerEvent

from encore.runs import turns

SHORTEST_PAUSE, LONGEST_PAUSE, PAUSE_SHARE = 5.0, 60.0, 0.1


class RunsTrigger(BaseTrigger):
    """Wait until none of some runs works any more: each is over, or waits for a person's answer.

    :param dag_id: the DAG of the runs
    :param run_ids: the runs; with none, the trigger only pauses
    :param pause: seconds before the first look; pauses grow to a tenth of what was waited, a minute at most
    """

    def __init__(self, dag_id: str, run_ids: Sequence[str], pause: float = SHORTEST_PAUSE) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's has no annotations
        self.dag_id, self.run_ids, self.pause = dag_id, list(run_ids), pause

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "dag_id": self.dag_id,
            "run_ids": self.run_ids,
            "pause": self.pause,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        waited, source = 0.0, RuntimeTaskInstance
        while True:
            pause = min(max(self.pause, waited * PAUSE_SHARE), LONGEST_PAUSE)
            await asyncio.sleep(pause)
            waited += pause
            if not await asyncio.to_thread(turns.busy_runs, source, self.dag_id, self.run_ids):
                yield TriggerEvent({"status": "success", "waited": waited})
                return
