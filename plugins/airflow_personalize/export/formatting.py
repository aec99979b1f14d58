"""A value as text for people: in an error, an example, a rejected row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

LONGEST = 1_000


def format_value(value: pa.Scalar, *, quote: bool = True, longest: int = LONGEST) -> str:
    """The value's text, cut after `longest` characters with a note of its full length.

    Nulls are empty; bytes that are not UTF-8 are written as `\\xNN`.
    """
    try:
        plain: Any = value.as_py()
    except (ValueError, OverflowError):
        plain = str(getattr(value, "value", value))  # an instant beyond the calendar: its ticks
    if isinstance(plain, bytes):
        plain = plain.decode("utf-8", "backslashreplace")
    if plain is None:
        return "null" if quote else ""
    text = str(plain)
    cut = text if len(text) <= longest else f"{text[:longest]}... ({len(text):,} characters)"
    return repr(cut) if quote and isinstance(plain, str) else cut


def instant(seconds: int) -> str:
    """An instant given in epoch seconds, with them: `2026-01-01T00:00:00+00:00 (1767225600)`."""
    return f"{(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()} ({seconds})"
