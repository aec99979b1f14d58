"""The door to the page at `/`: who may come in, and what a browser may do with what it gets.

The page needs no signature: it is for whoever uses this machine. The code behind the door, and the templates, are
loaded by the first request for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from localpersonalize.http.asgi import Receive, Scope, Send, read_body, send_answer
from localpersonalize.http.callers import Callers
from localpersonalize.protocol.errors import ServiceError

if TYPE_CHECKING:
    from localpersonalize.page.application import Page

PREFIX = "/_page/"
"""No bucket can have this name, so that nothing of S3 is hidden by it."""
METHODS = ("GET", "HEAD", "POST")
MAX_FIELDS = 200
HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        b" form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]


class PageDoor:
    """Answers requests for the page.

    :param make: imports and makes it.
    """

    def __init__(self, make: Callable[[], Page], callers: Callers) -> None:
        self._make, self._callers = make, callers
        self._page: Page | None = None
        self._lock = asyncio.Lock()

    def is_asked(self, scope: Scope, headers: dict[str, str]) -> bool:
        """Whether an unsigned request is for the page: `/` only if a browser asks, since SDKs list buckets there."""
        if scope["path"] == "/":
            is_browser = "text/html" in headers.get("accept", "")
            return scope["method"] in ("GET", "HEAD") and is_browser and "authorization" not in headers
        return str(scope["path"]).startswith(PREFIX)

    async def answer(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        """Let the page answer, unless the request comes from elsewhere."""
        method = scope["method"]
        refusal = self._callers.refusal_of_page(method, headers)
        if refusal:
            await send_answer(send, 403, refusal.encode(), "text/plain; charset=utf-8", HEADERS)
            return
        if method not in METHODS:
            await send_answer(
                send, 405, b"", "text/plain", [*HEADERS, (b"allow", ", ".join(METHODS).encode())]
            )
            return
        try:
            body = await read_body(receive) if method == "POST" else b""
        except ServiceError as error:
            await send_answer(send, error.status, error.message.encode(), "text/plain", HEADERS)
            return
        try:
            query, form = _fields(scope["query_string"]), _fields(body)
        except ValueError:
            await send_answer(send, 400, b"The request has too many fields.", "text/plain", HEADERS)
            return
        await self._send(scope, query, form, send)

    async def _send(
        self, scope: Scope, query: list[tuple[str, str]], form: list[tuple[str, str]], send: Send
    ) -> None:
        page = await self._opened()
        response = await asyncio.to_thread(page.answer, scope["method"], scope["path"], query, form)
        headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers]
        content = b"" if scope["method"] == "HEAD" else response.content
        await send_answer(send, response.status, content, response.content_type, [*HEADERS, *headers])

    async def _opened(self) -> Page:
        async with self._lock:
            if self._page is None:
                self._page = await asyncio.to_thread(self._make)
            return self._page


def _fields(encoded: bytes) -> list[tuple[str, str]]:
    """
    :raises ValueError: if there are more than any form of the page has.
    """
    text = encoded.decode("utf-8", "replace")
    return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
