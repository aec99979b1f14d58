"""moto as a process: started when it is needed, again when it died, and reached by nobody else."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from localpersonalize.aws.moto_server import MotoProcess
from localpersonalize.http.proxy import Forwarded, UnreachableError, forward

SIGNED = b"AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[MotoProcess]:
    process = MotoProcess(tmp_path / "standin")
    yield process
    process.stop()


def post(moto: MotoProcess, body: bytes) -> Forwarded:
    headers = [
        (b"host", b"127.0.0.1"),
        (b"authorization", SIGNED),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"connection", b"close"),
        (b"transfer-encoding", b"chunked"),
    ]
    return asyncio.run(forward(moto, "POST", "/", headers, body))


CREATE = b"Action=CreateRole&Version=2010-05-08&RoleName=kept&AssumeRolePolicyDocument=%7B%22Statement%22%3A%5B%5D%7D"
LIST = b"Action=ListRoles&Version=2010-05-08"


def test_a_process_that_was_killed_is_started_again_with_what_it_held(moto: MotoProcess) -> None:
    assert moto._process is None
    assert post(moto, CREATE).status == 200
    assert moto._process is not None
    first = moto._process.pid
    os.kill(first, signal.SIGKILL)
    moto._process.wait()
    answer = post(moto, LIST)
    assert (answer.status, b"<RoleName>kept</RoleName>" in answer.content) == (200, True)
    assert moto._process.pid != first


def test_only_the_owner_can_reach_it(moto: MotoProcess) -> None:
    path = Path(moto.socket_path())
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_folder_with_a_long_name_has_its_socket_elsewhere(tmp_path: Path) -> None:
    process = MotoProcess(tmp_path / ("long" * 30))
    try:
        path = Path(process.socket_path())
        assert len(str(path)) < 100
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        process.stop()
    assert not path.parent.exists()


def test_after_the_end_it_is_not_started_again(moto: MotoProcess) -> None:
    moto.stop()
    with pytest.raises(UnreachableError):
        post(moto, LIST)


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 12\r\n\r\n<a>whole</a>"


@pytest.mark.parametrize("sent", [0, 9, 30, len(ANSWER) - 12, len(ANSWER) - 11, len(ANSWER) - 1, len(ANSWER)])
def test_an_answer_that_breaks_off_is_none(tmp_path: Path, sent: int) -> None:
    """moto was killed after its headers: a job of the service took the empty body for an answer, and failed."""
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(ANSWER[:sent])

        thread = threading.Thread(target=answer)
        thread.start()
        moto = cast(MotoProcess, SimpleNamespace(socket_path=lambda: path))
        request = forward(moto, "GET", "/", [(b"host", b"localhost")], b"")
        if sent == len(ANSWER):
            assert asyncio.run(request).content == b"<a>whole</a>"
        else:
            with pytest.raises(UnreachableError):
                asyncio.run(request)
        thread.join()
