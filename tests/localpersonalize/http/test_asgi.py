"""Bodies of requests, and connections that are cut."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from localpersonalize.http.asgi import MAX_BODY_BYTES, hang_up, raw_path, read_body, sending_headers
from localpersonalize.protocol.errors import ServiceError


def read(*pieces: bytes) -> bytes:
    messages = [
        {"type": "http.request", "body": piece, "more_body": piece is not pieces[-1]} for piece in pieces
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    return asyncio.run(read_body(receive))


def test_a_body_comes_in_pieces() -> None:
    assert read(b"a", b"b") == b"ab"


def test_a_body_has_a_bound() -> None:
    with pytest.raises(ServiceError) as refused:
        read(b" " * MAX_BODY_BYTES, b" ")
    assert refused.value.status == 413


def test_a_connection_that_ends_before_its_body() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(ServiceError) as refused:
        asyncio.run(read_body(receive))
    assert refused.value.status == 408


def test_a_path_stays_as_it_was_sent() -> None:
    assert raw_path({"raw_path": b"/a%2Fb", "path": "/a/b"}) == "/a%2Fb"
    assert raw_path({"path": "/a"}) == "/a"


async def nothing() -> dict[str, Any]:
    return {"type": "http.disconnect"}


def test_without_a_transport_an_answer_ends_too_early() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(hang_up(nothing, send))
    assert sent[0]["headers"] == [(b"content-length", b"1")]


def test_more_headers_go_with_the_first_message_alone() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def answer() -> None:
        more = sending_headers(send, [(b"x", b"1")])
        await more({"type": "http.response.start", "headers": []})
        await more({"type": "http.response.body", "body": b""})

    asyncio.run(answer())
    assert [message.get("headers") for message in sent] == [[(b"x", b"1")], None]
