"""The service's rules for single values.

Clean batches are the rule, so each check first looks at a whole column at once (the largest byte length, the
smallest byte of all texts together) and asks value by value only when that look found something.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from airflow_personalize.export.masks import Mask, mask_of
from airflow_personalize.export.schema.avro import Field
from airflow_personalize.export.schema.rules import RESERVED_NAMES
from airflow_personalize.export.validation.casting import INSTANTS, Failure
from airflow_personalize.export.validation.contract import Rule

IDS = frozenset({"USER_ID", "ITEM_ID", "ACTION_ID"})
TEXT_LIMIT = 20_000
TEXT_LIMIT_CJK = 7_000
YEAR = 366 * 86_400
#: 1990-01-01: no product logged events before it; anything smaller is a default or another unit.
EARLIEST = 631_152_000

UNITS: Mapping[str, int] = {"milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
_LIMITS: Mapping[str, tuple[Rule, int]] = {
    **dict.fromkeys(IDS, (Rule.ID_TOO_LONG, 256)),
    "EVENT_TYPE": (Rule.EVENT_TYPE_TOO_LONG, 256),
    "IMPRESSION": (Rule.IMPRESSION_TOO_LONG, 1_000),
}
_CONTROL = r"[\x00-\x1f\x7f\x{80}-\x{9f}]"
_CONTROL_IN_TEXT = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{80}-\x{9f}]"
_STRAY = r"^\s*\||\|\s*\||\|\s*$"
_CJK = r"[\p{Han}\p{Hiragana}\p{Katakana}]"


@dataclass(frozen=True)
class Plausible:
    """The epoch seconds that an event can have; a clock may run a year ahead (pre-orders, test data)."""

    earliest: int = EARLIEST
    latest: int = dataclasses.field(default_factory=lambda: int(time.time()) + YEAR)

    def failures(self, values: pa.Array) -> Iterator[Failure]:
        extremes = pc.min_max(values).as_py()
        if extremes["min"] is None or (self.earliest <= extremes["min"] and extremes["max"] <= self.latest):
            return
        outside = mask_of(pc.or_(pc.less(values, self.earliest), pc.greater(values, self.latest)))
        other_unit = np.zeros(len(values), dtype=bool)
        for scale in UNITS.values():
            other_unit |= self._inside(values, scale)
        yield Rule.TIMESTAMP_NOT_SECONDS, outside & other_unit
        yield Rule.TIMESTAMP_OUT_OF_RANGE, outside & ~other_unit

    def unit(self, value: int) -> str | None:
        """The unit in which an implausible value would be plausible."""
        return next(
            (name for name, scale in UNITS.items() if self.earliest <= value // scale <= self.latest), None
        )

    def _inside(self, values: pa.Array, scale: int) -> Mask:
        seconds = pc.divide(values, pa.scalar(scale, values.type)) if _holds(values.type, scale) else None
        if seconds is None:
            return np.zeros(len(values), dtype=bool)
        return mask_of(pc.and_(pc.greater_equal(seconds, self.earliest), pc.less_equal(seconds, self.latest)))


def describe_value(rule: Rule, value: str) -> str:
    """A value as an error shows it: an instant in another unit with the unit's name."""
    if rule is not Rule.TIMESTAMP_NOT_SECONDS or not value.removeprefix("-").isdigit():
        return value
    return f"{value}, which are {Plausible().unit(int(value))}"


def missing(field: Field, values: pa.Array) -> Mask | None:
    """Where a column has neither value nor text; None when nowhere."""
    absent = mask_of(values.is_null()) if values.null_count else None
    if pt.is_string(values.type) and len(values):
        lengths = _lengths(values)
        if not lengths.all():
            empty = mask_of(pc.equal(values, ""))
            absent = empty if absent is None else absent | empty
    return absent


def failures(field: Field, values: pa.Array, plausible: Plausible) -> Iterator[Failure]:
    """The rules that single values of the column break, with where they do."""
    if field.canonical in INSTANTS and pt.is_integer(values.type):
        yield from plausible.failures(values)
    if pt.is_string(values.type) and len(values):
        yield from _text_failures(field, values)


def _text_failures(field: Field, values: pa.Array) -> Iterator[Failure]:
    data = text_bytes(values)
    yield from _too_long(field, values)
    if len(data) and _has_control(data):
        pattern = _CONTROL_IN_TEXT if _is_free_text(field) else _CONTROL
        yield Rule.CONTROL_CHARACTER, mask_of(pc.match_substring_regex(values, pattern))
    if field.textual:
        return
    if (field.categorical or field.canonical == "IMPRESSION") and (data == ord("|")).any():
        yield Rule.STRAY_SEPARATOR, mask_of(pc.match_substring_regex(values, _STRAY))
    reserved = pc.is_in(values, _reserved())
    if pc.any(reserved).as_py():
        yield Rule.RESERVED_VALUE, mask_of(reserved)


def _is_free_text(field: Field) -> bool:
    """Whether a string is prose, in which line breaks are no mistake; the CSV has spaces for them."""
    return field.textual or not (field.categorical or field.canonical in RESERVED_NAMES)


def _too_long(field: Field, values: pa.Array) -> Iterator[Failure]:
    longest = int(_lengths(values).max())  # in bytes, so never less than in characters
    if field.textual:
        if longest > TEXT_LIMIT_CJK:
            yield Rule.TEXT_TOO_LONG, _text_too_long(values)
        return
    rule, limit = _LIMITS.get(field.canonical, (Rule.CATEGORICAL_TOO_LONG, 1_000))
    if longest > limit and (field.categorical or field.canonical in _LIMITS):
        yield rule, mask_of(pc.greater(pc.utf8_length(values), limit))


def truncated(values: pa.Array, mask: Mask) -> pa.Array:
    """As much of the texts under the mask as the service keeps."""
    cjk = pc.greater(pc.multiply(pc.count_substring_regex(values, _CJK), 2), pc.utf8_length(values))
    short = pc.utf8_slice_codeunits(values, 0, TEXT_LIMIT_CJK)
    cut = pc.if_else(cjk, short, pc.utf8_slice_codeunits(values, 0, TEXT_LIMIT))
    return pc.if_else(pa.array(mask), cut, values)


def _text_too_long(values: pa.Array) -> Mask:
    """Chinese and Japanese texts, recognised by their script, have a limit of their own."""
    lengths = pc.utf8_length(values)
    long = mask_of(pc.greater(lengths, TEXT_LIMIT_CJK))
    cjk = mask_of(pc.greater(pc.multiply(pc.count_substring_regex(values, _CJK), 2), lengths))
    return mask_of(pc.greater(lengths, TEXT_LIMIT)) | (long & cjk)


def _has_control(data: npt.NDArray[np.uint8]) -> bool:
    if data.min() < 0x20 or (data == 0x7F).any():
        return True
    if data.max() < 0x80:
        return False
    # U+0080 to U+009F are C2 80 to C2 9F in UTF-8.
    return bool(((data[:-1] == 0xC2) & (data[1:] < 0xA0)).any())


def _lengths(values: pa.Array) -> npt.NDArray[np.int32]:
    """Byte lengths; those of nulls are whatever the buffer says, mostly 0."""
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int32)
    return np.diff(offsets[values.offset : values.offset + len(values) + 1])


def text_bytes(values: pa.Array) -> npt.NDArray[np.uint8]:
    """All the texts' bytes, one after the other."""
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int32)
    buffer = values.buffers()[2]
    if buffer is None:
        return np.empty(0, dtype=np.uint8)
    first, last = offsets[values.offset], offsets[values.offset + len(values)]
    return np.frombuffer(buffer, dtype=np.uint8)[first:last]


def _holds(kind: pa.DataType, scale: int) -> bool:
    return bool(kind.bit_width >= 64 or scale < 2 ** (kind.bit_width - 1))


@cache
def _reserved() -> pa.Array:
    # Not a constant: DAG files import this, and the first array that Arrow makes is expensive.
    return pa.array(sorted(RESERVED_NAMES))
