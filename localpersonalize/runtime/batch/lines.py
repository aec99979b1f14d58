"""The lines that batch jobs read and write, in the service's JSON; a line that can't be answered says why."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import orjson

TEXTS = ("userId", "itemId", "itemAttributes")
MAPS = ("context", "filterValues")
"""Members of a query, by what they hold; besides them there is `itemList`, of rankings. Source: the developer guide,
"Preparing input data for batch recommendations" and "Filtering batch recommendations"."""

Query = dict[str, Any]
Answer = Mapping[str, Any] | ValueError
T = TypeVar("T")


class LineError(ValueError):
    """One line of the input can't be answered; the text goes into its ``error``."""


class Line(NamedTuple):
    """A line of input: its place in the file (1-based), what it asks, or why that can't be read."""

    number: int
    query: Query
    error: str | None = None


class Outcome(NamedTuple):
    """A line of output: the answer, or the reason why there is none."""

    line: Line
    output: Mapping[str, Any] | None
    error: str | None = None

    def encode(self) -> bytes:
        """`{"input": ..., "output": ..., "error": ...}`."""
        members = {"input": self.line.query, "output": self.output, "error": self.error}
        return orjson.dumps(members, option=orjson.OPT_APPEND_NEWLINE)


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
            yield Line(number, query, _problem(query))
        else:
            yield Line(number, {}, f"Line {number} is not a JSON object.")


def _problem(query: Query) -> str | None:
    """Why a member of a query can't be used, whatever the recipe; None if all can."""
    for name, value in query.items():
        if value is None:
            continue
        if name in TEXTS and not isinstance(value, str):
            return f"{name} must be a string, not {_text_of(value)}."
        if name in MAPS:
            if not isinstance(value, dict):
                return f"{name} must be an object of strings, not {_text_of(value)}."
            for key, entry in value.items():
                if not isinstance(entry, str):
                    return f"{name}.{key} must be a string, not {_text_of(entry)}."
    return None


def _text_of(value: Any) -> str:
    return orjson.dumps(value).decode()[:80]


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


def answer_lines(
    lines: Iterable[Line],
    prepare: Callable[[Query], T],
    answer: Callable[[Sequence[T]], Sequence[Answer]],
    size: int,
    threads: int = 1,
) -> Iterator[Outcome]:
    """Outcomes in the order of the lines. Lines that ``prepare`` accepts are answered ``size`` at a time, and as
    many parts at once as there are ``threads``.
    """
    source = iter(lines)
    with ThreadPoolExecutor(threads) as pool:
        running: deque[Future[list[Outcome]]] = deque()
        while chunk := list(islice(source, size)):
            running.append(pool.submit(_answer_chunk, chunk, prepare, answer))
            if len(running) > threads:
                yield from running.popleft().result()
        for future in running:
            yield from future.result()


def _answer_chunk(
    chunk: Sequence[Line], prepare: Callable[[Query], T], answer: Callable[[Sequence[T]], Sequence[Answer]]
) -> list[Outcome]:
    prepared: list[T | ValueError] = []
    for line in chunk:
        if line.error is not None:
            prepared.append(ValueError(line.error))
            continue
        try:
            prepared.append(prepare(line.query))
        except ValueError as problem:
            prepared.append(problem)
    ready = [item for item in prepared if not isinstance(item, ValueError)]
    answers = iter(answer(ready) if ready else ())
    outcomes = []
    for line, item in zip(chunk, prepared, strict=True):
        result = item if isinstance(item, ValueError) else next(answers)
        if isinstance(result, ValueError):
            outcomes.append(Outcome(line, None, str(result)))
        else:
            outcomes.append(Outcome(line, result))
    return outcomes
