"""Requests that arrive together are scored together: one product of matrices instead of many."""

from __future__ import annotations

import asyncio
from collections import deque

from localpersonalize.runtime.requests import Answer, Prepared

MAX_BATCH_SIZE = 16
"""Bounds how long one pass keeps the event loop."""


def answer_now(prepared: Prepared) -> Answer:
    """Score and finish one request."""
    scores, items = prepared.deployment.score([prepared.request])
    return prepared.finish(scores[0], items)


class RequestBatcher:
    """Collects what one turn of the event loop brings and scores it by campaign in the next."""

    def __init__(self, max_size: int = MAX_BATCH_SIZE) -> None:
        self.max_size = max_size
        self._queue: deque[tuple[Prepared, asyncio.Future[Answer]]] = deque()
        self._scheduled = False

    def __len__(self) -> int:
        return len(self._queue)

    async def answer(self, prepared: Prepared) -> Answer:
        """The answer of one request, once its turn has come."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._queue.append((prepared, future))
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._run, loop)
        return await future

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        by_deployment: dict[int, list[tuple[Prepared, asyncio.Future[Answer]]]] = {}
        for _ in range(min(self.max_size, len(self._queue))):
            prepared, future = self._queue.popleft()
            if not future.done():
                by_deployment.setdefault(id(prepared.deployment), []).append((prepared, future))
        self._scheduled = bool(self._queue)
        if self._scheduled:
            loop.call_soon(self._run, loop)
        for group in by_deployment.values():
            _answer_group(group)


def _answer_group(group: list[tuple[Prepared, asyncio.Future[Answer]]]) -> None:
    """Score one campaign's requests; an error of one request is that request's alone."""
    try:
        scores, items = group[0][0].deployment.score([prepared.request for prepared, _ in group])
    except Exception as problem:
        for _, future in group:
            future.set_exception(problem)
        return
    for (prepared, future), row in zip(group, scores, strict=True):
        try:
            future.set_result(prepared.finish(row, items))
        except Exception as problem:
            future.set_exception(problem)
