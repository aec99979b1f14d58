"""Passes a request on to moto, over its socket, and its answer back. Both are small: objects don't go this way."""

from __future__ import annotations

import asyncio
import http.client
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from localpersonalize.aws.moto_server import MotoProcess

HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
        "content-length",
    )
)
ANSWER_SECONDS = 60
MAX_ANSWER_BYTES = 64 << 20
THREADS = 16

Headers = list[tuple[bytes, bytes]]
_threads = ThreadPoolExecutor(
    THREADS, thread_name_prefix="moto"
)  # operations wait for it in the loop's own threads


class UnreachableError(Exception):
    """The process does not answer."""


@dataclass(frozen=True)
class Forwarded:
    """The answer of another server."""

    status: int
    headers: Headers
    content: bytes


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(self._path)


async def forward(
    moto: MotoProcess, method: str, target: str, headers: Sequence[tuple[bytes, bytes]], body: bytes
) -> Forwarded:
    """
    :param target: path and query as they were sent.
    :raises UnreachableError: if moto can't be started, or dies meanwhile.
    """
    return await asyncio.get_running_loop().run_in_executor(
        _threads, _forward, moto, method, target, headers, body
    )


def _forward(
    moto: MotoProcess, method: str, target: str, headers: Sequence[tuple[bytes, bytes]], body: bytes
) -> Forwarded:
    for last in (False, True):
        try:
            connection = _SocketConnection(moto.socket_path())
            connection.connect()
            break
        except OSError as error:
            if last:
                raise UnreachableError(str(error)) from None
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            if name.decode("latin-1").lower() not in HOP_BY_HOP:
                connection.putheader(name, value)
        connection.putheader("content-length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read(MAX_ANSWER_BYTES + 1)
        if len(content) > MAX_ANSWER_BYTES:
            raise UnreachableError("its answer is too large")
        # `read` with a limit takes an answer that breaks off for a whole one, and so are its headers read. moto says of
        # every answer how long it is.
        if response.length != 0 and not response.chunked:
            raise UnreachableError("its answer broke off")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UnreachableError(str(error)) from None
    finally:
        connection.close()
    answer_headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in response.getheaders()
        if name.lower() not in HOP_BY_HOP
    ]
    return Forwarded(response.status, answer_headers, content)
