"""The server as a whole: what it starts, who may call, and that it ends, whatever is under way."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.support.localpersonalize.fuzz import signed_headers
from tests.support.localpersonalize.live import KEY, REGION, SECRET, Live, code

TARGET = {"X-Amz-Target": "AmazonPersonalize.ListDatasetGroups", "Content-Type": "application/x-amz-json-1.1"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("bounds") / "data"
    folder.mkdir(mode=0o755)
    (folder / "credentials.partial").touch(mode=0o644)
    live = Live(folder).start()
    yield live
    live.stop()


def send(
    live: Live, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def processes(live: Live) -> list[str]:
    """The command lines of the server's children."""
    assert live.process
    results = []
    for task in Path(f"/proc/{live.process.pid}/task").glob("*/children"):
        for child in task.read_text().split():
            results.append(Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode())
    return results


def test_moto_starts_with_the_first_request_to_iam_and_again_when_it_died(own: Live) -> None:
    own.s3.create_bucket(Bucket="without-iam")
    assert not any("moto_server" in line for line in processes(own))
    own.client("iam").create_role(RoleName="kept", AssumeRolePolicyDocument="{}")
    assert any("moto_server" in line for line in processes(own))
    assert own.process
    for task in Path(f"/proc/{own.process.pid}/task").glob("*/children"):
        for child in task.read_text().split():
            if b"moto_server" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)
    time.sleep(0.2)
    roles = own.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles] == ["kept"]


def test_moto_itself_cannot_be_reset(own: Live) -> None:
    request = AWSRequest("POST", f"{own.endpoint}/moto-api/reset", {"host": f"127.0.0.1:{own.port}"}, b"")
    SigV4Auth(Credentials(KEY, SECRET), "iam", REGION).add_auth(request)
    assert send(own, "POST", "/moto-api/reset", dict(request.headers.items()))[0] == 403
    assert send(own, "POST", "/moto-api/reset", {})[0] == 403


def test_the_data_directory_is_its_owners_alone(own: Live) -> None:
    """O7."""
    own.s3.create_bucket(Bucket="private")
    own.s3.put_object(Bucket="private", Key="k", Body=b"x")
    assert stat.S_IMODE(own.data_dir.stat().st_mode) == 0o700
    for path in own.data_dir.rglob("*"):
        if path.name not in ("server.log", "credentials.partial"):  # written by the tests
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_a_browser_is_not_a_client(own: Live) -> None:
    headers = signed_headers(own, "POST", "/", TARGET, b"{}")
    assert send(own, "POST", "/", headers, b"{}")[0] == 200
    status, content, answered = send(own, "POST", "/", {**headers, "origin": "http://shop.example"}, b"{}")
    assert (status, b"AccessDeniedException" in content) == (403, True)
    assert not any(name.startswith("access-control") for name in answered)
    for path in ("/healthz", "/metrics"):
        assert send(own, "GET", path, {})[0] == 200
        assert send(own, "GET", path, {"host": "rebound.example"})[0] == 403
        assert send(own, "GET", path, {"origin": "null"})[0] == 403


def test_figures_show_no_arns(own: Live) -> None:
    content = send(own, "GET", "/metrics", {})[1]
    assert b"localpersonalize_model_bytes" in content
    assert b"arn:" not in content


def test_large_heads_and_odd_requests_are_refused(own: Live) -> None:
    assert send(own, "GET", "/", {"x": "a" * 100_000})[0] == 431
    deep = b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    status, content, _ = send(own, "POST", "/", signed_headers(own, "POST", "/", TARGET, deep), deep)
    assert (status, b"SerializationException" in content) == (400, True)
    for body in (
        b'{"nextToken": "\\ud800"}',
        b'{"nextToken": "\xff"}',
        '{"nextToken": "\U0010ffff"}'.encode(),
    ):
        status, content, _ = send(own, "POST", "/", signed_headers(own, "POST", "/", TARGET, body), body)
        assert status == 400, (body, content)


def test_a_taken_port_is_a_sentence(own: Live, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "localpersonalize",
        "--port",
        str(own.port),
        "--data-dir",
        str(tmp_path / "d"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "Choose another --port" in " ".join(done.stderr.replace("│", " ").split())


def test_the_end_comes_whatever_is_half_sent(tmp_path: Path) -> None:
    """O8: a head, a body to Personalize, an upload, and one whose answer nobody reads."""
    live = Live(tmp_path / "data").start()
    live.s3.create_bucket(Bucket="ends")
    live.s3.put_object(Bucket="ends", Key="big", Body=bytes(50 << 20))
    requests = [
        b"POST / HTTP/1.1\r\nhost",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\nx-amz-target: AmazonPersonalize.ListSchemas\r\n\r\n{",
    ]
    signed = signed_headers(live, "POST", "/", TARGET, b"{}")
    lines = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
    requests.append(f"POST / HTTP/1.1\r\n{lines}content-length: 2\r\n\r\n{{".encode())
    url = live.s3.generate_presigned_url("get_object", Params={"Bucket": "ends", "Key": "big"})
    path = url.removeprefix(live.endpoint)
    requests.append(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{live.port}\r\n\r\n".encode())
    clients = []
    for request in requests:
        client = socket.create_connection(("127.0.0.1", live.port))
        client.sendall(request)
        clients.append(client)
    time.sleep(0.5)
    assert live.process
    began = time.monotonic()
    live.process.send_signal(signal.SIGTERM)
    live.process.wait(20)
    assert time.monotonic() - began < 5.5
    live.start()
    assert code(lambda: live.s3.head_object(Bucket="ends", Key="big")) == ""
    live.stop()
    for client in clients:
        client.close()
