"""A column as the database gave it -> a column that writes as its field's type says.

Casts are exact or they are failures of the value. Native types are kept where their CSV text is the same
anyhow (an integer key for a string field), which saves a cast of every row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from airflow_personalize.export.masks import Mask, mask_of, without
from airflow_personalize.export.schema.avro import Field
from airflow_personalize.export.validation.contract import Rule
from airflow_personalize.export.validation.uuids import uuid_texts

Failure = tuple[Rule, Mask]

#: Fields that hold instants; only they take a timestamp or a date of the database.
INSTANTS = frozenset({"TIMESTAMP", "CREATION_TIMESTAMP"})

_WHOLE = r"^[+-]?\d+(\.0*)?$"
_SECONDS = r"^[+-]?\d+(\.\d*)?$"  # of instants, which are rounded down to whole seconds
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_NOT_FINITE = r"(?i)^[+-]?(nan|inf|infinity)$"
_LIMITS: Mapping[str, tuple[int, int]] = {"int": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
#: Whole numbers up to here are written; what reads them as `float` keeps 24 bits (7 digits), as `double` 53.
_LARGEST_WHOLE = 2**53
_UNITS_A_SECOND: Mapping[str, int] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class UncastableError(Exception):
    """The column's type never fits the field's, whatever its values."""


@dataclass(frozen=True)
class Column:
    """A converted column, null where the value failed, and the failures of its cast."""

    values: pa.Array
    failures: list[Failure]


def convert(field: Field, array: pa.Array) -> Column:
    """Cast a column for its field.

    :raises UncastableError: when no value of the column's type could fit
    """
    array = _plain(array)
    if pt.is_null(array.type):
        return Column(array.cast(field.arrow_type), [])
    return _CONVERTERS[field.type](field, array)


def _plain(array: pa.Array) -> pa.Array:
    """Storage of extension types, values of dictionaries, text of UUIDs and decimals."""
    if isinstance(array.type, pa.BaseExtensionType):
        opaque = array.type.extension_name == "arrow.opaque"
        if array.type.extension_name == "arrow.uuid" or (opaque and array.type.type_name == "uuid"):
            return uuid_texts(array.storage.cast(pa.binary(16)))
        if opaque and not pt.is_string(array.type.storage_type):
            raise UncastableError("cast it to text in the query")
        return array.storage
    if pt.is_dictionary(array.type):
        return array.cast(array.type.value_type)
    if pt.is_decimal(array.type):
        return array.cast(pa.string())
    if pt.is_large_string(array.type) or pt.is_string_view(array.type):
        return array.cast(pa.string())
    return array


def _text(field: Field, array: pa.Array) -> Column:
    kind = array.type
    if pt.is_integer(kind) or pt.is_boolean(kind):
        return Column(array, [])
    if pt.is_string(kind):
        try:
            array.validate(full=True)
        except pa.ArrowInvalid:
            return _decoded(array.cast(pa.binary()))
        return Column(array, [])
    if pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_fixed_size_binary(kind):
        return _decoded(array.cast(pa.binary()))
    if pt.is_floating(kind):
        return Column(pa.nulls(len(array), pa.string()), [(Rule.WRONG_TYPE, mask_of(array.is_valid()))])
    raise UncastableError("cast it to text in the query")


def _decoded(array: pa.Array) -> Column:
    """Bytes as UTF-8 text; bytes in another encoding are failures."""
    try:
        return Column(array.cast(pa.string()), [])
    except pa.ArrowInvalid:
        bad = np.fromiter((not _is_utf8(value) for value in array.to_pylist()), bool, len(array))
        return Column(without(array, bad).cast(pa.string()), [(Rule.BAD_ENCODING, bad)])


def _is_utf8(value: bytes | None) -> bool:
    try:
        return value is None or value.decode("utf-8") is not None
    except UnicodeDecodeError:
        return False


def _integer(field: Field, array: pa.Array) -> Column:
    kind = array.type
    if pt.is_timestamp(kind) or pt.is_date(kind):
        return _epoch_seconds(field, array)
    if pt.is_integer(kind):
        return _in_range(field, array, [])
    instants = field.canonical in INSTANTS
    if pt.is_floating(kind):
        endless = mask_of(pc.invert(pc.is_finite(array)))
        array = pc.floor(array) if instants else array
        whole = mask_of(pc.and_(pc.equal(pc.floor(array), array), pc.less(pc.abs(array), 2.0**63)))
        broken = mask_of(array.is_valid()) & ~whole & ~endless
        clean = without(array, broken | endless).cast(pa.int64())
        return _in_range(field, clean, [(Rule.NOT_FINITE, endless), (Rule.WRONG_TYPE, broken)])
    text = _as_text(_seconds_in_mixed(array) if instants and pt.is_binary(kind) else array)
    pattern, fraction = (_SECONDS, r"^\+|\.\d*$") if instants else (_WHOLE, r"^\+|\.0*$")
    whole = mask_of(pc.match_substring_regex(text.values, pattern))
    endless = mask_of(pc.match_substring_regex(text.values, _NOT_FINITE))
    filled = mask_of(pc.not_equal(text.values, ""))
    digits = pc.replace_substring_regex(without(text.values, ~whole), fraction, "")
    fits = _fits_in_64_bits(digits)
    broken = filled & ~endless & ~(whole & fits)
    clean = without(digits, ~(whole & fits)).cast(pa.int64())
    return _in_range(field, clean, [*text.failures, (Rule.NOT_FINITE, endless), (Rule.WRONG_TYPE, broken)])


def _seconds_in_mixed(array: pa.Array) -> pa.Array:
    """Instants of a driver that came beside values which are none (MySQL's `0000-00-00`), so all of them as text."""
    return pa.array([_seconds(value) for value in array.to_pylist()], pa.binary())


def _seconds(text: bytes | None) -> bytes | None:
    try:
        instant = datetime.fromisoformat(text.decode()) if text else None
    except ValueError:
        return text
    if instant is None:
        return text
    known = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
    return str(math.floor(known.timestamp())).encode()


def _fits_in_64_bits(digits: pa.Array) -> Mask:
    """Whether each text of digits is a 64-bit integer; Python's own integers decide the long ones."""
    fits = mask_of(pc.less(pc.utf8_length(digits), 19))
    for index in np.flatnonzero(~fits & mask_of(digits.is_valid())):
        text = digits[index].as_py()
        bare = text.lstrip("-").lstrip("0")
        fits[index] = len(bare) < 19 or (len(bare) == 19 and -(2**63) <= int(text) < 2**63)
    return fits


def _in_range(field: Field, array: pa.Array, failures: list[Failure]) -> Column:
    low, high = _LIMITS[field.type]
    width = array.type.bit_width + (1 if pt.is_unsigned_integer(array.type) else 0)
    if width <= (32 if field.type == "int" else 64):
        return Column(array, failures)
    extremes = pc.min_max(array).as_py()
    if extremes["min"] is None or (low <= extremes["min"] and extremes["max"] <= high):
        return Column(array, failures)
    wide = mask_of(pc.greater(array, pa.scalar(high, array.type)))
    if pt.is_signed_integer(array.type) and low > np.iinfo(np.int64).min:
        wide |= mask_of(pc.less(array, low))
    return Column(without(array, wide), [*failures, (Rule.WRONG_TYPE, wide)])


def _epoch_seconds(field: Field, array: pa.Array) -> Column:
    """Instants as whole seconds since 1970, rounded down; columns without a time zone are UTC."""
    if field.canonical not in INSTANTS:
        raise UncastableError(
            "only TIMESTAMP and CREATION_TIMESTAMP take instants: extract a number in the query"
        )
    if pt.is_date(array.type):
        array = array.cast(pa.date32()).view(pa.int32()).cast(pa.int64())
        return Column(pc.multiply(array, 86_400), [])
    ticks = array.view(pa.int64())
    # Truncation towards zero differs from rounding down only before 1970, where no instant is plausible.
    return Column(pc.divide(ticks, _UNITS_A_SECOND[array.type.unit]), [])


def _floating(field: Field, array: pa.Array) -> Column:
    kind = array.type
    if pt.is_integer(kind):
        inexact = mask_of(pc.or_(pc.greater(array, _LARGEST_WHOLE), pc.less(array, -_LARGEST_WHOLE)))
        return Column(without(array, inexact), [(Rule.WRONG_TYPE, inexact)])
    if pt.is_floating(kind):
        return _finite(field, array, [])
    text = _as_text(array)
    number = mask_of(pc.match_substring_regex(text.values, _NUMBER))
    endless = mask_of(pc.match_substring_regex(text.values, _NOT_FINITE))
    broken = mask_of(pc.not_equal(text.values, "")) & ~number & ~endless
    plain = pc.replace_substring_regex(without(text.values, ~number), r"^\+", "")
    failures = [*text.failures, (Rule.NOT_FINITE, endless), (Rule.WRONG_TYPE, broken)]
    return _finite(field, plain.cast(pa.float64()), failures)


def _finite(field: Field, array: pa.Array, failures: list[Failure]) -> Column:
    largest = float(np.finfo(np.float32).max) if field.type == "float" else float(np.finfo(np.float64).max)
    if _is_finite(array, largest):
        return Column(array, failures)
    endless = mask_of(pc.invert(pc.is_finite(array)))
    wide = mask_of(pc.greater(pc.abs(array), largest)) & ~endless
    if endless.any() or wide.any():
        array = without(array, endless | wide)
    return Column(array, [*failures, (Rule.NOT_FINITE, endless), (Rule.WRONG_TYPE, wide)])


def _is_finite(array: pa.Array, largest: float) -> bool:
    """Whether no value is NaN, infinite or beyond the largest; False also where their sum is."""
    total = pc.sum(array).as_py()
    if total is None:
        return True
    extremes = pc.min_max(array).as_py()
    return math.isfinite(total) and -largest <= extremes["min"] and extremes["max"] <= largest


def _boolean(field: Field, array: pa.Array) -> Column:
    kind = array.type
    if pt.is_boolean(kind):
        return Column(array, [])
    if pt.is_integer(kind):  # databases without booleans store 0 and 1
        other = mask_of(pc.or_(pc.less(array, 0), pc.greater(array, 1)))
        return Column(without(array, other).cast(pa.bool_()), [(Rule.NOT_BOOLEAN, other)])
    text = _as_text(array)
    known = mask_of(pc.or_(pc.equal(text.values, "true"), pc.equal(text.values, "false")))
    other = mask_of(pc.not_equal(text.values, "")) & ~known
    values = pc.equal(without(text.values, ~known), "true")
    return Column(values, [*text.failures, (Rule.NOT_BOOLEAN, other)])


def _as_text(array: pa.Array) -> Column:
    if pt.is_string(array.type) or pt.is_binary(array.type) or pt.is_large_binary(array.type):
        return _text(Field("", "string"), array)
    raise UncastableError("cast it in the query")


_CONVERTERS: Mapping[str, Callable[[Field, pa.Array], Column]] = {
    "string": _text,
    "int": _integer,
    "long": _integer,
    "float": _floating,
    "double": _floating,
    "boolean": _boolean,
}
