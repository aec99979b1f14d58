"""The lines that batch jobs read and write, in the service's JSON; a line that can't be answered says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

Query = dict[str, Any]
Answer = Mapping[str, Any] | ValueError
T = TypeVar("T")


class LineError(ValueError):
    """One line of the input can't be answered; the text goes into its ``error``."""


@dataclass(frozen=True)
class Line:
    """A line of input: its place in the file (1-based), what it asks, or why that can't be read."""

    number: int
    query: Query
    error: str | None = None


@dataclass(frozen=True)
class Outcome:
    """A line of output: the answer, or the reason why there is none."""

    line: Line
    output: Mapping[str, Any] | None
    error: str | None = None

    def encode(self) -> bytes:
        """`{"input": ..., "output": ..., "error": ...}`; item attributes stand at the top, as the service
        has them.
        """
        asked = self.line.query
        head = {"itemAttributes": asked["itemAttributes"]} if "itemAttributes" in asked else {"input": asked}
        return orjson.dumps({**head, "output": self.output, "error": self.error}) + b"\n"


def read(lines: Iterable[bytes]) -> Iterator[Line]:
    """Parse each line; empty ones are skipped."""
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            query = orjson.loads(raw)
        except orjson.JSONDecodeError as problem:
            yield Line(number, {}, f"Line {number} is not JSON: {problem}.")
            continue
        if isinstance(query, dict):
            yield Line(number, query)
        else:
            yield Line(number, {}, f"Line {number} is not a JSON object.")


def text(query: Query, name: str) -> str:
    """A required string of a query. `LineError` if it is missing."""
    value = query.get(name)
    if not isinstance(value, str) or not value:
        raise LineError(f"{name} is required and must be a string.")
    return value


def attempt(answer: Callable[..., Mapping[str, Any]], *arguments: Any) -> Answer:
    """The answer, or the error that this one line has."""
    try:
        return answer(*arguments)
    except ValueError as problem:
        return problem


def answer_all(
    lines: Iterable[Line],
    prepare: Callable[[Query], T],
    answer: Callable[[Sequence[T]], Sequence[Answer]],
    size: int,
) -> Iterator[Outcome]:
    """Outcomes in the order of the lines. Lines that ``prepare`` accepts are answered ``size`` at a time."""
    waiting: list[tuple[Line, T | None, str | None]] = []
    for line in lines:
        ready, error = None, line.error
        if error is None:
            try:
                ready = prepare(line.query)
            except ValueError as problem:
                error = str(problem)
        waiting.append((line, ready, error))
        if len(waiting) >= size:
            yield from _flush(waiting, answer)
            waiting = []
    yield from _flush(waiting, answer)


def _flush(
    waiting: list[tuple[Line, T | None, str | None]],
    answer: Callable[[Sequence[T]], Sequence[Answer]],
) -> Iterator[Outcome]:
    answers = iter(answer([ready for _, ready, error in waiting if error is None]) if waiting else ())  # type: ignore[misc]
    for line, _, error in waiting:
        found = ValueError(error) if error is not None else next(answers)
        yield Outcome(line, None, str(found)) if isinstance(found, ValueError) else Outcome(line, found)
