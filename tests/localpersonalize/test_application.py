"""The service put together: asked over ASGI, without a port."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from localpersonalize.application import Settings, build
from localpersonalize.protocol.sigv4 import Credentials

NOWHERE = "http://127.0.0.1:1"


def fetch(folder: Path, method: str, path: str, headers: dict[str, str]) -> tuple[int, Any]:
    """Status and body of one answer."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [
            (name.encode(), value.encode()) for name, value in {"host": "localhost", **headers}.items()
        ],
    }
    server = build(Settings(folder), Credentials("k", "s"), NOWHERE)
    asyncio.run(server(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_what_trains_and_what_only_workers_need_is_not_waited_for() -> None:
    code = (
        "import sys; import localpersonalize.application, localpersonalize.http.listening;"
        "print(*sorted({'jax', 'scipy', 'moto', 'boto3', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.strip()) == (0, "")


def test_health_is_of_the_database_and_of_s3(tmp_path: Path) -> None:
    _, body = fetch(tmp_path, "GET", "/healthz", {})
    assert set(json.loads(body)) == {"status", "store", "aws"}


def test_metrics_have_a_page(tmp_path: Path) -> None:
    status, body = fetch(tmp_path, "GET", "/metrics", {})
    assert status == 200
    assert b"localpersonalize_queue_length 0.0" in body


def test_a_request_without_a_signature_is_refused(tmp_path: Path) -> None:
    status, body = fetch(tmp_path, "POST", "/", {"x-amz-target": "AmazonPersonalize.ListSchemas"})
    assert (status, json.loads(body)["__type"]) == (403, "MissingAuthenticationTokenException")


def test_a_request_of_a_web_page_is_refused(tmp_path: Path) -> None:
    status, _ = fetch(tmp_path, "GET", "/healthz", {"origin": "https://elsewhere.example"})
    assert status == 403
