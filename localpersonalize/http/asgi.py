"""Small things of ASGI: reading a request's body, sending an answer, hanging up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from localpersonalize.protocol.errors import ServiceError

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MAX_BODY_BYTES = 1 << 20


def raw_path(scope: Scope) -> str:
    """A request's path as it was sent, percent signs and all."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1")


async def read_body(receive: Receive) -> bytes:
    """The body of a request.

    :raises ServiceError: RequestEntityTooLargeException, if it is larger than any request of the services.
    """
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise ServiceError(
                f"A request may have {MAX_BODY_BYTES} bytes.",
                code="RequestEntityTooLargeException",
                status=413,
            )
        if not message.get("more_body"):
            return bytes(body)


def replay(body: bytes) -> Receive:
    """Gives a body that was read already."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def send_answer(
    send: Send, status: int, content: bytes, content_type: str, headers: list[tuple[bytes, bytes]]
) -> None:
    own = [(b"content-type", content_type.encode()), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": content})


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
