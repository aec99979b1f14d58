"""The service put together: asked over ASGI, without a port."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from localpersonalize.application import Settings, build
from localpersonalize.protocol.sigv4 import Credentials

NOWHERE = "http://127.0.0.1:1"


def ask(folder: Path, method: str, path: str, headers: dict[str, str]) -> tuple[int, Any]:
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
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    server = build(Settings(folder), Credentials("k", "s"), NOWHERE)
    asyncio.run(server(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_health_says_what_is_wrong(tmp_path: Path) -> None:
    status, body = ask(tmp_path, "GET", "/healthz", {})
    found = json.loads(body)
    assert (status, found["status"], found["store"]) == (503, "failing", "ok")
    assert found["aws"].startswith(NOWHERE)


def test_metrics_have_a_page(tmp_path: Path) -> None:
    status, body = ask(tmp_path, "GET", "/metrics", {})
    assert status == 200
    assert b"localpersonalize_queue_length 0.0" in body


def test_a_request_without_a_signature_is_refused(tmp_path: Path) -> None:
    status, body = ask(tmp_path, "POST", "/", {"x-amz-target": "AmazonPersonalize.ListSchemas"})
    assert (status, json.loads(body)["__type"]) == (403, "MissingAuthenticationTokenException")
    status, body = ask(tmp_path, "GET", "/bucket", {})
    assert (status, b"AccessDenied" in body) == (403, True)
