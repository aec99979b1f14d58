"""What a worker is asked to do travels as one line."""

from __future__ import annotations

from pathlib import Path

from localpersonalize.aws.clients import Clients
from localpersonalize.jobs.task_request import TaskRequest
from localpersonalize.protocol.sigv4 import Credentials


def test_a_request_is_the_same_after_the_way() -> None:
    clients = Clients("us-east-1", "http://127.0.0.1:1", Credentials("k", "s"))
    request = TaskRequest("train", "arn:1", Path("/data"), clients, {"text": "two\nlines"})
    line = request.to_line()
    assert line.count(b"\n") == 1
    assert TaskRequest.from_line(line) == request
