"""Connections with bounds: heads, times, half-closed sockets, and an end that comes."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn

from localpersonalize.http import connection


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body; after a while at /slow."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    if scope["path"] == "/slow":
        await asyncio.sleep(0.5)
    content = str(size).encode()
    length = (b"content-length", str(len(content)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": content})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Callable[[], float]]]:
    """A port, and what ends the server and says how long that took."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(connection, "GRACEFUL_SECONDS", 1)
    bound = socket.create_server(("127.0.0.1", 0))
    options = connection.options() | {"lifespan": "off"}
    running = uvicorn.Server(uvicorn.Config(app, **options))
    thread = threading.Thread(target=running.run, args=([bound],), daemon=True)
    thread.start()

    def end() -> float:
        began = time.monotonic()
        running.should_exit = True
        thread.join(10)
        return time.monotonic() - began

    yield bound.getsockname()[1], end
    end()


def talk(port: int, *pieces: bytes, half_close: bool = False, pause: float = 0) -> bytes:
    """Send pieces and read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        for piece in pieces:
            try:
                client.sendall(piece)
            except OSError:
                break
            time.sleep(pause)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


GET = b"GET / HTTP/1.1\r\nhost: x\r\n"


def test_a_request_is_answered_and_the_connection_kept(server: Any) -> None:
    two = GET + b"\r\n" + b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc"
    answer = talk(server[0], two)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.endswith(b"3")


@pytest.mark.parametrize(
    "pieces",
    [
        [GET + b"x: " + b"a" * 5_000_000],
        [GET + b"x: " + b"a" * 70_000 + b"\r\n\r\n"],
        [GET + b"".join(b"x%d: y\r\n" % n for n in range(9000)) + b"\r\n"],
        [GET + b"x: ", *[b"a" * 30_000] * 4],
        [b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n"],
    ],
    ids=["endless", "one header", "many headers", "in pieces", "url"],
)
def test_a_head_that_is_too_large_is_refused(server: Any, pieces: list[bytes]) -> None:
    assert talk(server[0], *pieces, pause=0.01).startswith(b"HTTP/1.1 431")
    assert talk(server[0], GET + b"connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_a_large_body_behind_a_small_head_is_no_head(server: Any) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1000000\r\n\r\n"
    assert talk(server[0], head + b"a" * 1_000_000).endswith(b"1000000")
    pieces = [head[:40], head[40:] + b"a" * 500_000, b"a" * 500_000]
    assert talk(server[0], *pieces, pause=0.05).endswith(b"1000000")


@pytest.mark.parametrize("piece", [b"", b"GET", GET, b"\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(server: Any, piece: bytes) -> None:
    began = time.monotonic()
    assert talk(server[0], piece) == b""
    assert 0.3 < time.monotonic() - began < 5


def test_a_head_that_comes_byte_by_byte_is_not_waited_for_either(server: Any) -> None:
    began = time.monotonic()
    talk(server[0], *[bytes([byte]) for byte in GET * 3], pause=0.05)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("path", [b"/", b"/slow"])
def test_who_closes_its_side_gets_the_answer(server: Any, path: bytes) -> None:
    request = b"POST " + path + b" HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc"
    began = time.monotonic()
    assert talk(server[0], request, half_close=True).endswith(b"3")
    assert time.monotonic() - began < 5


def test_who_closes_its_side_in_the_middle_of_a_request_is_gone(server: Any) -> None:
    request = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\na"
    assert talk(server[0], request, half_close=True) == b""


def test_a_slow_answer_is_not_taken_for_a_slow_head(server: Any) -> None:
    pieces = [b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", b"\r\n"]
    assert talk(server[0], *pieces, pause=0.1).endswith(b"0")


def test_the_end_does_not_wait_for_half_sent_requests(server: Any) -> None:
    """O8."""
    clients = [socket.create_connection(("127.0.0.1", server[0])) for _ in range(3)]
    clients[0].sendall(b"GET")
    clients[1].sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\na")
    time.sleep(0.1)
    assert server[1]() < 4
    for client in clients:
        client.close()
