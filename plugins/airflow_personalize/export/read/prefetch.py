"""Runs a query in a thread of its own, a bounded number of batches ahead of whoever uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from queue import Full, Queue
from threading import Event, Thread
from typing import Any

import pyarrow as pa

from airflow_personalize.export.read.sources import Rows

_PATIENCE = 0.2


class ReadAhead:
    """A query whose next batches are read while the current one is used; use it in a `with`.

    The whole query lives in the reading thread, because some drivers (SQLite's) refuse to change threads.

    :param query: opens the query
    :param ahead: batches that may wait; together with the one in use and the one being read they are what is
        in memory
    """

    def __init__(self, query: AbstractContextManager[Rows], ahead: int = 3) -> None:
        self._query = query
        self._queue: Queue[tuple[str, Any]] = Queue(ahead)
        self._left = Event()
        self._cancel: Callable[[], None] | None = None
        self._thread = Thread(target=self._read, name="read", daemon=True)

    def __enter__(self) -> Rows:
        self._thread.start()
        try:
            names = self._next()
        except BaseException:
            self.__exit__()
            raise
        return Rows(names, self._batches())

    def __exit__(self, *_: object) -> None:
        """Ends the query, also one that is not read to its end."""
        self._left.set()
        if self._thread.is_alive() and self._cancel is not None:
            self._cancel()
        self._thread.join()

    def _read(self) -> None:
        try:
            with self._query as rows:
                self._cancel = rows.cancel
                self._put(("some", rows.names))
                for batch in rows.batches:
                    if not self._put(("some", batch)):
                        return
                self._cancel = None
            self._put(("end", None))
        except BaseException as error:  # whatever ends this thread must reach the one that waits for it
            self._put(("error", error))

    def _put(self, message: tuple[str, Any]) -> bool:
        while not self._left.is_set():
            try:
                self._queue.put(message, timeout=_PATIENCE)
                return True
            except Full:
                continue
        return False

    def _batches(self) -> Iterator[pa.RecordBatch]:
        while (batch := self._next()) is not None:
            yield batch

    def _next(self) -> Any:
        """What the thread sent; None at the end."""
        kind, content = self._queue.get()
        if kind == "error":
            raise content
        return content
