"""Streams a request through to another server on loopback, and its answer back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from yarl import URL

HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
}
_sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}


async def forward(
    scope: Mapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[Any], Awaitable[None]],
    endpoint: str,
) -> None:
    """Pass an ASGI request on to `endpoint`. Bodies are never held whole."""
    headers = [
        (k.decode("latin-1"), v.decode("latin-1"))
        for k, v in scope["headers"]
        if k.decode().lower() not in HOP_BY_HOP
    ]
    names = {name.lower() for name, _ in headers}
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    url = URL(endpoint + path + (f"?{query}" if query else ""), encoded=True)
    chunked = any(key == b"transfer-encoding" for key, _ in scope["headers"])
    has_body = chunked or ("content-length" in names and dict(headers).get("content-length") != "0")
    async with _session().request(
        scope["method"],
        url,
        headers=headers,
        data=_body(receive) if has_body else None,
        allow_redirects=False,
        skip_auto_headers=("User-Agent", "Accept", "Content-Type", "Accept-Encoding"),
    ) as response:
        answered = [(k, v) for k, v in response.raw_headers if k.decode().lower() not in HOP_BY_HOP]
        await send({"type": "http.response.start", "status": response.status, "headers": answered})
        async for chunk in response.content.iter_any():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _body(receive: Callable[[], Awaitable[Any]]) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


def _session() -> aiohttp.ClientSession:
    loop = asyncio.get_running_loop()
    if loop not in _sessions:
        _sessions[loop] = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            read_bufsize=1 << 20,
            trust_env=False,
        )
    return _sessions[loop]
