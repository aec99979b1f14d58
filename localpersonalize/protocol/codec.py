"""JSON values to and from the shapes of a service model.

Decoding checks everything that the model says (required members, types, lengths, ranges, patterns, enums) and
reports all violations of a request together, as the service does. Both directions are compiled once for a
shape into plain functions: a request then costs no look-ups in the model.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

Violations = list[str]
Decoder = Callable[[Any, str, Violations], Any]
Encoder = Callable[[Any], Any]

NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


class Codec:
    """Decoders and encoders of one service's shapes, made when first asked for."""

    def __init__(self) -> None:
        self._decoders: dict[str, Decoder] = {}
        self._encoders: dict[str, Encoder] = {}

    def decoder(self, shape: Shape) -> Decoder:
        """`decode(value, path, violations)`; appends to `violations` what the model does not allow."""
        if shape.name not in self._decoders:
            # A placeholder first: shapes may contain themselves.
            self._decoders[shape.name] = lambda value, path, violations: self._decoders[shape.name](
                value, path, violations
            )
            self._decoders[shape.name] = _DECODERS.get(shape.type_name, _number)(self, shape)
        return self._decoders[shape.name]

    def encoder(self, shape: Shape) -> Encoder:
        """`encode(value)`; members that the shape does not have are left out, as are those that are None."""
        if shape.name not in self._encoders:
            self._encoders[shape.name] = lambda value: self._encoders[shape.name](value)
            self._encoders[shape.name] = _ENCODERS.get(shape.type_name, _encode_as_is)(self, shape)
        return self._encoders[shape.name]


def _structure(codec: Codec, shape: StructureShape) -> Decoder:
    members = {
        member.serialization.get("name", name): (name, codec.decoder(member))
        for name, member in shape.members.items()
    }
    required = tuple(shape.required_members)

    def decode(value: Any, path: str, violations: Violations) -> Any:
        if not isinstance(value, Mapping):
            violations.append(_wrong_type(path, value, "a structure"))
            return {}
        decoded = {}
        for wire_name, item in value.items():
            member = members.get(wire_name)
            if member is not None and item is not None:  # unknown members are ignored, as AWS does
                decoded[member[0]] = member[1](item, f"{path}.{wire_name}" if path else wire_name, violations)
        for name in required:
            if name not in decoded:
                where = f"{path}.{name}" if path else name
                violations.append(
                    f"Value null at '{where}' failed to satisfy constraint: Member must not be null"
                )
        return decoded

    return decode


def _list(codec: Codec, shape: ListShape) -> Decoder:
    item_decoder, limits = codec.decoder(shape.member), _length_check(shape)

    def decode(value: Any, path: str, violations: Violations) -> Any:
        if not isinstance(value, list):
            violations.append(_wrong_type(path, value, "a list"))
            return []
        limits(value, path, violations)
        return [
            item_decoder(item, f"{path}.{index + 1}.member", violations) for index, item in enumerate(value)
        ]

    return decode


def _map(codec: Codec, shape: MapShape) -> Decoder:
    key_decoder, value_decoder, limits = (
        codec.decoder(shape.key),
        codec.decoder(shape.value),
        _length_check(shape),
    )

    def decode(value: Any, path: str, violations: Violations) -> Any:
        if not isinstance(value, Mapping):
            violations.append(_wrong_type(path, value, "a map"))
            return {}
        limits(value, path, violations)
        return {
            key_decoder(key, f"{path}.key", violations): value_decoder(
                item, f"{path}.{key}.member", violations
            )
            for key, item in value.items()
        }

    return decode


def _string(_: Codec, shape: Shape) -> Decoder:
    limits = _length_check(shape)
    text = shape.metadata.get("pattern")
    pattern = re.compile(_python_pattern(text)) if text else None
    allowed = frozenset(shape.metadata.get("enum", ()))
    secret = bool(shape.metadata.get("sensitive"))

    def decode(value: Any, path: str, violations: Violations) -> Any:
        if not isinstance(value, str):
            violations.append(_wrong_type(path, value, "a string"))
            return ""
        display = "***" if secret else value[:256]
        limits(value, path, violations, display)
        if pattern is not None and not pattern.fullmatch(value):
            violations.append(
                f"Value '{display}' at '{path}' failed to satisfy constraint: Member must satisfy regular"
                f" expression pattern: {text}"
            )
        if allowed and value not in allowed:
            choices = ", ".join(sorted(allowed))
            violations.append(
                f"Value '{display}' at '{path}' failed to satisfy constraint: Member must satisfy enum value"
                f" set: [{choices}]"
            )
        return value

    return decode


def _number(_: Codec, shape: Shape) -> Decoder:
    kind = NUMBERS[shape.type_name]
    low, high = shape.metadata.get("min"), shape.metadata.get("max")

    def decode(value: Any, path: str, violations: Violations) -> Any:
        wrong = isinstance(value, bool) or not isinstance(value, int | float)
        if wrong or not math.isfinite(value) or (kind is int and value != int(value)):
            violations.append(_wrong_type(path, value, f"a number ({shape.type_name})"))
            return kind(0)
        for bound, broken, word in (
            (low, low is not None and value < low, "greater"),
            (high, high is not None and value > high, "less"),
        ):
            if broken:
                violations.append(
                    f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have value {word}"
                    f" than or equal to {bound}"
                )
        return kind(value)

    return decode


def _boolean(_: Codec, __: Shape) -> Decoder:
    def decode(value: Any, path: str, violations: Violations) -> Any:
        if not isinstance(value, bool):
            violations.append(_wrong_type(path, value, "a boolean"))
        return value

    return decode


def _timestamp(_: Codec, __: Shape) -> Decoder:
    def decode(value: Any, path: str, violations: Violations) -> Any:
        try:
            if isinstance(value, bool):
                raise TypeError
            if isinstance(value, str):
                return datetime.fromisoformat(value)
            return datetime.fromtimestamp(value, UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            violations.append(_wrong_type(path, value, "a timestamp"))
            return datetime.fromtimestamp(0, UTC)

    return decode


def _blob(_: Codec, __: Shape) -> Decoder:
    def decode(value: Any, path: str, violations: Violations) -> Any:
        try:
            return base64.b64decode(value, validate=True)
        except (TypeError, binascii.Error):
            violations.append(_wrong_type(path, value, "base64"))
            return b""

    return decode


def _length_check(shape: Shape) -> Callable[..., None]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")

    def check(value: Any, path: str, violations: Violations, display: object = None) -> None:
        size = len(value)
        if (low is not None and size < low) or (high is not None and size > high):
            bound = (
                f"greater than or equal to {low}"
                if low is not None and size < low
                else f"less than or equal to {high}"
            )
            display = f"'{display}' " if display is not None else ""
            violations.append(
                f"Value {display}at '{path}' failed to satisfy constraint: Member must have length {bound}"
            )

    return check


def _python_pattern(text: str) -> str:
    """Java's character classes in the models, as Python writes them."""
    return (
        text.replace(r"\p{L}\p{Z}\p{N}", r"\w\s")
        .replace(r"\p{Print}", r"\x20-\x7e")
        .replace(r"\p{ASCII}", r"[\x00-\x7f]")
    )


def _wrong_type(path: str, value: Any, wanted: str) -> str:
    value_and_path = f"Value of type {type(value).__name__} at '{path or 'body'}'"
    return f"{value_and_path} failed to satisfy constraint: Member must be {wanted}"


def _encode_structure(codec: Codec, shape: StructureShape) -> Encoder:
    members = [
        (name, member.serialization.get("name", name), codec.encoder(member))
        for name, member in shape.members.items()
    ]

    def encode(value: Any) -> Any:
        return {wire: encoder(value[name]) for name, wire, encoder in members if value.get(name) is not None}

    return encode


def _encode_list(codec: Codec, shape: ListShape) -> Encoder:
    encoder = codec.encoder(shape.member)
    return lambda value: [encoder(item) for item in value]


def _encode_map(codec: Codec, shape: MapShape) -> Encoder:
    encoder = codec.encoder(shape.value)
    return lambda value: {str(key): encoder(item) for key, item in value.items()}


def _encode_timestamp(_: Codec, __: Shape) -> Encoder:
    def encode(value: Any) -> Any:
        return round(value.timestamp(), 3) if isinstance(value, datetime) else value

    return encode


def _encode_blob(_: Codec, __: Shape) -> Encoder:
    return lambda value: base64.b64encode(value).decode()


def _encode_number(_: Codec, shape: Shape) -> Encoder:
    return NUMBERS[shape.type_name]


def _encode_as_is(_: Codec, __: Shape) -> Encoder:
    return lambda value: value


_DECODERS: Mapping[str, Callable[[Codec, Any], Decoder]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}
_ENCODERS: Mapping[str, Callable[[Codec, Any], Encoder]] = {
    "structure": _encode_structure,
    "list": _encode_list,
    "map": _encode_map,
    "timestamp": _encode_timestamp,
    "blob": _encode_blob,
    **dict.fromkeys(NUMBERS, _encode_number),
}
