"""Values of `properties` and of events, as the types of their fields, or a refusal that names the field.

What a dataset could not hold must not get into it: each row that is kept is read again by every training, export and
answer of its group. Numbers may come as strings, as in the examples of botocore's model (`{"numberOfRatings": "12"}`);
else a value must be of the JSON type that its field's Avro type has. Limits: `limits` and docs/data-rules.md.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from localpersonalize.datasets import limits
from localpersonalize.datasets.schemas import Field
from localpersonalize.protocol.errors import InvalidInputError

_WHOLE = re.compile(r"[+-]?[0-9]{1,40}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,9})?")


def converted(value: Any, field: Field, label: str) -> Any:
    """A value as its field's type; text over its limit is cut off, as on import.

    :param label: how errors call the record.
    :raises InvalidInputError: if it is none, or breaks a rule.
    """
    if value is None or value == "":
        if not field.nullable:
            raise InvalidInputError(f"{field.name} of {label} may not be null.")
        return None
    try:
        if field.kind in limits.INTEGERS:
            return _integer(value, field)
        if field.kind in limits.LARGEST:
            return _float(value, field)
        if field.kind == "boolean":
            return _boolean(value)
        if not isinstance(value, str):
            raise ValueError("it is not a string")
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(
            f"{field.name} of {label} is not of type {field.kind}: {_text_of(value)} ({error})."
        ) from None
    if field.textual:
        return value[: limits.text_limit(value)] if len(value) > limits.MAX_TEXT_CJK else value
    check_text(value, field, label)
    return value


def check_text(value: str, field: Field, label: str) -> None:
    """
    :raises InvalidInputError: if a string is longer than its field allows, or is the name of a field of the service.
    """
    limit = limits.most_characters(field)
    if limit is not None and len(value) > limit:
        raise InvalidInputError(
            f"{field.name} of {label} has {len(value)} characters; at most {limit} are allowed."
        )
    if value in limits.KEYWORDS:
        raise InvalidInputError(f"{field.name} of {label} is {value}, the name of a field of the service.")


def check_unicode(row: Mapping[str, Any], label: str) -> None:
    """
    :raises InvalidInputError: naming the field that has half of a surrogate pair, which is no text in UTF-8.
    """
    for name, value in row.items():
        if isinstance(value, str):
            try:
                value.encode()
            except UnicodeEncodeError:
                raise InvalidInputError(f"{name} of {_printable(label)} is not valid Unicode.") from None


def _integer(value: Any, field: Field) -> int:
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value):
            raise ValueError("it is no whole number")
        number = int(value)
    elif isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise ValueError("it is no whole number")
    else:
        number = int(value)
    low, high = limits.INTEGERS[field.kind]
    if not low <= number <= high:
        raise ValueError(f"it is not between {low} and {high}")
    if field.column in limits.TIMES and number > limits.LAST_SECOND:
        raise ValueError("it is not in epoch seconds")
    return number


def _float(value: Any, field: Field) -> float:
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise ValueError("it is no number")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("it is no number")
    number = float(value)
    if not math.isfinite(number) or abs(number) > limits.LARGEST[field.kind]:
        raise ValueError("it is out of range")
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise ValueError("it is neither true nor false")


def _text_of(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"an {'object' if isinstance(value, dict) else 'array'} of JSON"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 300:
        return "a number of hundreds of digits"
    return _printable(value if isinstance(value, str) else json.dumps(value))[:100]


def _printable(text: str) -> str:
    return text.encode(errors="replace").decode()
