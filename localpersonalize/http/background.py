"""What runs beside requests, from the server's start to its end: jobs, and trainings that begin by themselves."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from localpersonalize.jobs.queue import Queue
from localpersonalize.resource_types import ACTIVE, CAMPAIGN, RECOMMENDER
from localpersonalize.resources.auto_training import begin_due_trainings
from localpersonalize.resources.context import Context
from localpersonalize.state import content

log = logging.getLogger(__name__)

DUE_TRAININGS_SECONDS = 60


class Background:
    """Started and stopped with the server."""

    def __init__(self, context: Context, queue: Queue) -> None:
        self._context, self._queue = context, queue
        self._trainings: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take up unfinished jobs, and load what answers requests."""
        self._queue.start(self._context)
        self._trainings = asyncio.create_task(self._train_automatically())
        self._context.engine.warm(serving(self._context))

    def end_jobs(self) -> None:
        if self._trainings:
            self._trainings.cancel()
        self._queue.close()

    def finish_jobs(self) -> None:
        """End jobs, and wait until no thread or worker of them is left."""
        self.end_jobs()
        self._queue.wait()

    def stop(self) -> None:
        self.end_jobs()
        self._context.engine.close()
        self._context.database.close()

    def copy_state(self, target: Path) -> None:
        """All that the account holds, in another folder."""
        content.copy(self._context.data_dir, self._context.database, target)

    async def _train_automatically(self) -> None:
        while True:
            try:
                await asyncio.to_thread(begin_due_trainings, self._context, time.time())
            except Exception:  # one look that fails must not end all that come after it
                log.exception("looking for trainings that are due failed")
            await asyncio.sleep(DUE_TRAININGS_SECONDS)


def serving(context: Context) -> list[str]:
    """ARNs of the campaigns and recommenders that answer requests."""
    campaigns, recommenders = context.resources.all(CAMPAIGN), context.resources.all(RECOMMENDER)
    return [
        *(campaign["campaignArn"] for campaign in campaigns if campaign["status"] == ACTIVE),
        *(recommender["recommenderArn"] for recommender in recommenders if recommender["status"] == ACTIVE),
    ]
