"""Shapes that contain themselves, and values of each type, to the wire and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.model import ShapeResolver

from localpersonalize.protocol.codec import Codec

SHAPES: dict[str, Any] = {
    "Tree": {
        "type": "structure",
        "members": {"name": {"shape": "Name"}, "children": {"shape": "Trees"}, "at": {"shape": "Time"}},
        "required": ["name"],
    },
    "Trees": {"type": "list", "member": {"shape": "Tree"}, "max": 2},
    "Name": {"type": "string", "min": 1},
    "Time": {"type": "timestamp"},
    "Sizes": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Size"}},
    "Size": {"type": "integer", "min": 0},
    "Bytes": {"type": "blob"},
}


def shape(name: str) -> Any:
    return ShapeResolver(SHAPES).get_shape_by_name(name)


def decode(name: str, value: Any) -> tuple[Any, list[str]]:
    violations: list[str] = []
    return Codec().decoder(shape(name))(value, "", violations), violations


def test_a_shape_may_contain_itself() -> None:
    tree = {"name": "a", "children": [{"name": "b"}]}
    assert decode("Tree", tree) == (tree, [])
    assert Codec().encoder(shape("Tree"))(tree) == tree


def test_a_violation_names_where_it_is() -> None:
    _, violations = decode("Tree", {"name": "a", "children": [{"name": ""}, {}]})
    assert [text for text in violations if "'children.1.member.name'" in text]
    assert [text for text in violations if "Value null at 'children.2.member.name'" in text]


@pytest.mark.parametrize(("value", "count"), [({"a": 1}, 0), ({"a": -1}, 1), ({"": 1}, 1), ([], 1)])
def test_keys_and_values_of_maps_are_checked(value: Any, count: int) -> None:
    assert len(decode("Sizes", value)[1]) == count


def test_times_and_bytes_go_to_the_wire_and_back() -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    assert Codec().encoder(shape("Time"))(moment) == moment.timestamp()
    assert decode("Time", moment.timestamp()) == (moment, [])
    assert decode("Bytes", Codec().encoder(shape("Bytes"))(b"\x00\xff")) == (b"\x00\xff", [])
