"""HTTP connections with bounds: the size of a request's head, and the time that each step may take.

uvicorn reads HTTP; what it leaves open is closed here. A client that closes its side after a request still gets its
answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 << 10
HEAD_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 65  # longer than SDKs keep a connection that they don't use
GRACEFUL_SECONDS = 3  # what is under way when the server is to end has so long to end
CONNECTIONS = 1024
_TOO_LARGE = b"Request header fields are too large."


class BoundedProtocol(HttpToolsProtocol):
    """A connection; in the head of a request from its first byte to the empty line."""

    _head_timer: asyncio.TimerHandle | None = None
    _in_body = False
    _head_bytes = 0  # received
    _parsed_bytes = 0
    _half_closed = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if not self._in_body:
            self._expect_head()
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self._head_ends_in(data):
                self._reject()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_body, self._parsed_bytes = False, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.transport.is_closing():
            super().on_header(name, value)
            self._count(len(name) + len(value) + 4)  # with a colon, a blank and a line end

    def on_headers_complete(self) -> None:
        self._forget_timer()
        self._in_body = True
        if not self.transport.is_closing():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self.transport.is_closing():
            return
        super().on_message_complete()
        self._in_body, self._head_bytes = False, 0

    def on_body(self, body: bytes) -> None:
        if not self.transport.is_closing():
            super().on_body(body)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._half_closed and not self.pipeline:
            self.transport.close()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the way back open, if a whole request waits for its answer."""
        whole = self.cycle is not None and not self.cycle.response_complete and not self._in_body
        if whole:
            self._half_closed = True
        return whole

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._time_out)

    def _forget_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _time_out(self) -> None:
        self._head_timer = None
        is_idle = self.cycle is None or self.cycle.response_complete
        if is_idle and not self.transport.is_closing():
            self.transport.close()

    def _count(self, size: int) -> None:
        """One more piece of a head."""
        self._parsed_bytes += size
        if self._parsed_bytes > MAX_HEAD_BYTES:
            self._reject()

    def _head_ends_in(self, data: bytes) -> bool:
        """A large piece may be the end of a head and the beginning of a body."""
        return b"\r\n\r\n" in data and self._head_bytes - len(data) <= MAX_HEAD_BYTES

    def _reject(self) -> None:
        """Answer before the request is whole, and read no more."""
        if self.transport.is_closing():
            return
        self._forget_timer()
        head = (
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\n"
            b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(_TOO_LARGE)
        )
        self.transport.write(head + _TOO_LARGE)
        self.transport.close()


def options() -> dict[str, Any]:
    """How uvicorn is to serve."""
    return {
        "http": BoundedProtocol,
        "ws": "none",
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": GRACEFUL_SECONDS,
        "backlog": CONNECTIONS,
        "server_header": False,
        "log_level": "warning",
        "log_config": None,
        "access_log": False,
    }
