"""The lines that a batch job answers with, as rows of a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

# The columns of a job's table, by the columns of its input. A ranking is identified by its user.
COLUMNS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("user_id",): ("user_id", "position", "item_id", "score"),
    ("user_id", "item_list"): ("user_id", "position", "item_id", "score"),
    ("item_id",): ("item_id", "position", "related_item_id", "score"),
}
SEGMENTS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("item_id",): ("item_id", "position", "user_id"),
    ("item_attributes",): ("item_attributes", "position", "user_id"),
}
TYPES = {"position": "integer", "score": "double precision"}  # PostgreSQL and SQLite; the others are text
RESULTS = ("recommendedItems", "usersList", "recommendedUsers")
"""Members that hold the results. Segments come as `usersList`, with the attributes in `input`; the developer guide's
examples have `recommendedUsers`, and the attributes at the top of the line."""
EXAMPLES = 5


def columns_of(kind: str, input_columns: Sequence[str]) -> tuple[str, ...]:
    """The columns of the table that a job of the kind fills; the first one is what a line of input was about."""
    return (SEGMENTS if kind == "segments" else COLUMNS)[tuple(input_columns)]


class TooManyErrorsError(Exception):
    """More lines have no answer than the job's limit allows."""


@dataclass
class MatchCounts:
    """What became of the lines."""

    lines: int
    answered: int = 0
    failed: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Lines of input that are in no answer at all."""
        return max(self.lines - self.answered - self.failed, 0)

    def error(self, example: str) -> None:
        self.failed += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)

    def check(self, limit: float) -> None:
        """
        :raises TooManyErrorsError: if too many lines have no answer.
        """
        without = self.failed + self.missing
        if without > limit * self.lines:
            raise TooManyErrorsError(
                f"{without:,} of {self.lines:,} lines have no answer ({self.missing:,} of them are in no file); the"
                f" limit is {limit:.2%} (error_limit). For example: {'; '.join(self.examples) or 'no line says why'}"
            )

    def as_json(self) -> dict[str, Any]:
        return {
            "lines": self.lines,
            "answered": self.answered,
            "failed": self.failed,
            "missing": self.missing,
            "examples": self.examples,
        }


def rows(lines: Iterable[bytes], columns: Sequence[str], counts: MatchCounts) -> Iterator[tuple[Any, ...]]:
    """A row for each result of each line, best first; lines with an error are counted and give none."""
    scored = "score" in columns
    for raw in lines:
        if not raw.strip():
            continue
        try:
            line = json.loads(raw)
            about = _subject_of(line, columns[0])
            if line.get("error") is not None:
                counts.error(f"{about}: {line['error']}")
                continue
            output = line["output"]
            results = next(output[name] for name in RESULTS if name in output)
            scores = output.get("scores") or [None] * len(results)
            ranked = list(zip(results, scores, strict=True))
        except (ValueError, TypeError, KeyError, AttributeError, StopIteration) as error:
            counts.error(f"{raw[:120]!r} is no answer ({type(error).__name__})")
            continue
        counts.answered += 1
        for position, (result, score) in enumerate(ranked, 1):
            yield (about, position, str(result), score) if scored else (about, position, str(result))


def _subject_of(line: dict[str, Any], column: str) -> str:
    key = {"user_id": "userId", "item_id": "itemId", "item_attributes": "itemAttributes"}[column]
    entry = line.get("input", line)
    return str(entry.get(key, "?")) if line.get("error") is not None else str(entry[key])
