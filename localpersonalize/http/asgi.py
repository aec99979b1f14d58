"""Small things of ASGI: reading a request's body, sending an answer, hanging up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from localpersonalize.protocol.errors import ServiceError

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MAX_BODY_BYTES = 1 << 20
BODY_SECONDS = 30.0


def raw_path(scope: Scope) -> str:
    """A request's path as it was sent, percent signs and all."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1")


async def read_body(receive: Receive) -> bytes:
    """The body of a request.

    :raises ServiceError: RequestEntityTooLargeException, if it is larger than any request of the services;
        RequestTimeoutException, if it does not come.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise _timeout("The connection was closed before the request was whole.")
                body += message.get("body", b"")
                if len(body) > MAX_BODY_BYTES:
                    raise ServiceError(
                        f"A request may have {MAX_BODY_BYTES} bytes.",
                        code="RequestEntityTooLargeException",
                        status=413,
                    )
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise _timeout(f"The request was not whole after {BODY_SECONDS:.0f} seconds.") from None


def _timeout(message: str) -> ServiceError:
    return ServiceError(message, code="RequestTimeoutException", status=408)


def sending_headers(send: Send, headers: list[tuple[bytes, bytes]]) -> Send:
    """Sends with more headers."""

    async def send_more(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *headers]}
        await send(message)

    return send_more


async def send_answer(
    send: Send, status: int, content: bytes, content_type: str, headers: list[tuple[bytes, bytes]]
) -> None:
    own = [(b"content-type", content_type.encode()), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": content})


async def send_file(send: Send, file: Path, content_type: str, headers: list[tuple[bytes, bytes]]) -> None:
    """The content of a file that does not change, piece by piece."""
    size = str(file.stat().st_size).encode()
    own = [(b"content-type", content_type.encode()), (b"content-length", size)]
    await send({"type": "http.response.start", "status": 200, "headers": [*own, *headers]})
    with open(file, "rb") as source:
        while piece := await asyncio.to_thread(source.read, MAX_BODY_BYTES):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def hang_up(receive: Receive, send: Send) -> None:
    """Close the connection as a broken network would: the server's transport, since ASGI has no word for it."""
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:  # another server than uvicorn: an answer that ends too early
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        return
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
