"""The shortest list of events that still fails: delta debugging (Zeller and Hildebrandt, 2002, their `ddmin`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def shrink(events: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """
    :param events: a list that fails
    :param fails: whether a part of it, in the same order, fails too
    :return: a part that fails, of which no single event can be left out
    """
    shortest, parts = list(events), 2
    if fails([]):
        return []
    while len(shortest) > 1:
        size = -(-len(shortest) // parts)
        chunks = [shortest[start : start + size] for start in range(0, len(shortest), size)]
        rests = [[event for other in chunks if other is not chunk for event in other] for chunk in chunks]
        candidates = chunks + (rests if len(chunks) > 2 else [])
        failing = next((candidate for candidate in candidates if fails(candidate)), None)
        if failing is not None:
            parts = 2 if failing in chunks else max(parts - 1, 2)
            shortest = failing
        elif size == 1:
            return shortest
        else:
            parts = min(parts * 2, len(shortest))
    return shortest
