"""The server of a data directory whose content is replaced, or copied, while it serves.

Requests that come meanwhile wait. What is replaced has first ended: its jobs, its workers, and the requests that were
under way; then another server is made on the new content.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from localpersonalize.disk import replacement
from localpersonalize.http.asgi import Receive, Scope, Send
from localpersonalize.http.server import Server

log = logging.getLogger(__name__)

REQUEST_SECONDS = 30.0  # what is under way has so long to end


class RestartableServer:
    """An ASGI application that hands requests to the server of the moment."""

    def __init__(self, data_dir: Path, make: Callable[[], Server]) -> None:
        self._data_dir, self._make = data_dir, make
        self._server = make()
        self._one_at_a_time = asyncio.Lock()
        self._open = asyncio.Event()
        self._open.set()
        self._requests: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._open.wait()
        task = asyncio.current_task()
        assert task is not None
        self._requests.add(task)
        try:
            await self._server(scope, receive, send)
        finally:
            self._requests.discard(task)

    def start(self) -> None:
        self._server.start()

    def end_jobs(self) -> None:
        """Begin to end: workers and jobs, while what they need of this server is still there."""
        self._server.end_jobs()

    def stop(self) -> None:
        self._server.stop()

    async def copy(self, target: Path) -> None:
        """The state of the account in another folder, as it is between two requests."""
        async with self._one_at_a_time, self._paused():
            await asyncio.to_thread(self._server.copy_state, target)

    async def replace(self, content: Path) -> None:
        """Serve another state from now on.

        :param content: a folder with all of it, in the data directory and flushed.
        """
        async with self._one_at_a_time:
            await asyncio.to_thread(self._server.finish_jobs)
            async with self._paused():
                self._server.stop()
                try:
                    await asyncio.to_thread(replacement.commit, self._data_dir, content)
                    self._server = await asyncio.to_thread(self._make)
                except Exception:
                    log.critical("the state could not be replaced: the next start goes on with it")
                    os.kill(os.getpid(), signal.SIGTERM)
                    raise
                self._server.start()

    @asynccontextmanager
    async def _paused(self) -> AsyncIterator[None]:
        """Let requests wait, once those under way have ended; who does not end is cut off."""
        self._open.clear()
        try:
            if self._requests:
                _, under_way = await asyncio.wait(self._requests, timeout=REQUEST_SECONDS)
                for task in under_way:
                    task.cancel()
                if under_way:
                    await asyncio.wait(under_way, timeout=REQUEST_SECONDS)
            yield
        finally:
            self._open.set()
