"""What is wrong with a filter expression, and where."""

from __future__ import annotations


class FilterError(ValueError):
    """A filter expression or its parameters can't be used; ``column`` is 1-based, None if no place is to
    blame.
    """

    def __init__(self, reason: str, text: str = "", column: int | None = None) -> None:
        self.reason = reason
        self.text = text
        self.column = column
        super().__init__(self._message())

    def _message(self) -> str:
        if self.column is None:
            return self.reason
        where = excerpt(self.text, self.column)
        return f"Invalid filter expression at column {self.column}: {self.reason} {where}"


class FilterParameterError(FilterError):
    """`filterValues` of a request don't fit the filter's placeholders."""


def excerpt(text: str, column: int, around: int = 24) -> str:
    """The words around ``column`` with an arrow at the place: `(near: ...IN ▸"a" ...)`."""
    at = min(max(column - 1, 0), len(text))
    start, end = max(0, at - around), min(len(text), at + around)
    head, tail = ("..." if start else ""), ("..." if end < len(text) else "")
    return f"(near: {head}{text[start:at]}\u25b8{text[at:end]}{tail})"
