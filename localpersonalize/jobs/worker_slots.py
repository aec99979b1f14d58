"""How many workers may run at a time, and who is next: in order, and in turn between dataset groups."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class WorkerSlots:
    """At most `limit` at a time. A free one goes to the group with the fewest, then to the one that waited longest."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._changed = threading.Condition()
        self._tickets = itertools.count()
        self._waiting: dict[int, str] = {}  # ticket: group
        self._running: Counter[str] = Counter()
        self._served: dict[str, int] = {}  # group: when, counted with the tickets

    @contextmanager
    def hold(self, group: str, given_up: Callable[[], bool]) -> Iterator[bool]:
        """Wait for a slot and keep it; False without one, once `given_up` says so (`wake` asks it again)."""
        with self._changed:
            ticket = next(self._tickets)
            self._waiting[ticket] = group
            self._changed.wait_for(lambda: given_up() or self._next() == ticket)
            del self._waiting[ticket]
            has_slot = not given_up()
            if has_slot:
                self._free -= 1
                self._running[group] += 1
                self._served[group] = next(self._tickets)
            self._changed.notify_all()
        try:
            yield has_slot
        finally:
            if has_slot:
                with self._changed:
                    self._free += 1
                    self._running -= Counter([group])
                    self._changed.notify_all()

    def wake(self) -> None:
        """Let all who wait look whether they have been given up."""
        with self._changed:
            self._changed.notify_all()

    def _next(self) -> int | None:
        """The ticket whose turn it is."""
        if self._free < 1 or not self._waiting:
            return None

        def turn(ticket: int) -> tuple[int, int, int]:
            group = self._waiting[ticket]
            return self._running[group], self._served.get(group, -1), ticket

        return min(self._waiting, key=turn)
