"""The log of what IAM holds: torn, damaged, and from before."""

from __future__ import annotations

import base64
import errno
import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.aws import iam_journal
from localpersonalize.aws.iam_journal import Entry, IamJournal
from localpersonalize.aws.s3.buckets import Buckets
from localpersonalize.aws.s3.migration import migrate

SIGNED = "AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def entry(service: str, method: str, path: str, body: bytes = b"", query: str = "", host: str = "h") -> Entry:
    environ = {
        "HTTP_AUTHORIZATION": SIGNED.format(service),
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_HOST": host,
    }
    return Entry(environ, body)


ROLE = entry("iam", "POST", "/", b"Action=CreateRole&RoleName=r")
OTHER = entry("iam", "POST", "/", b"Action=CreateRole&RoleName=s")


@pytest.mark.parametrize(
    "damage", [b'{"environ": {"REQ', b"\0" * 50, b"[" * 90_000, b'{"environ": 1, "body": ""}', b"\xff"]
)
def test_a_damaged_line_costs_what_it_said(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "requests.jsonl"
    file.write_bytes(iam_journal.lines([ROLE]) + damage + b"\n" + iam_journal.lines([OTHER]) + damage)
    with caplog.at_level(logging.ERROR):
        assert iam_journal.read(file) == [ROLE, OTHER]
    assert "line 2 is damaged" in caplog.text


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    """A role of another name came back: base64 of a flipped letter is base64."""
    content = iam_journal.lines([ROLE])
    for position in range(len(content) - 1):
        flipped = bytearray(content)
        flipped[position] ^= 1
        (tmp_path / "log").write_bytes(flipped)
        assert iam_journal.read(tmp_path / "log") in ([], [ROLE])


def test_nothing_is_done_that_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk a role was made, answered with a 500, and gone after the restart."""
    performed: list[Any] = []
    answers: list[str] = []
    has_space = False

    def replace_file(file: Path, content: bytes) -> None:
        if not has_space:
            raise OSError(errno.ENOSPC, "No space left on device")
        file.write_bytes(content)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        performed.append(environ)
        start_response("200 OK", [])
        return [b""]

    monkeypatch.setattr(iam_journal, "replace_file", replace_file)
    journal = IamJournal(app, tmp_path / "log")
    environ = {**ROLE.environ, "wsgi.input": io.BytesIO(ROLE.body), "CONTENT_LENGTH": str(len(ROLE.body))}
    (content,) = journal(environ, lambda status, *_: answers.append(status))
    assert answers == ["503 Service Unavailable"]
    assert b"<Code>ServiceUnavailable</Code>" in content
    assert b"no space left" in content
    assert performed == []
    has_space = True
    call(journal, ROLE)
    assert len(performed) == 1
    assert iam_journal.read(tmp_path / "log") == [ROLE]


def test_an_empty_file_is_a_damaged_one_and_never_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    iam_journal.write(tmp_path / "log", [ROLE])
    iam_journal.write(tmp_path / "log", [])
    assert not (tmp_path / "log").exists()
    (tmp_path / "log").touch()
    assert iam_journal.read(tmp_path / "log") == []
    assert "is empty" in caplog.text


def test_there_need_be_no_log(tmp_path: Path) -> None:
    assert iam_journal.read(tmp_path / "none") == []


def call(journal: IamJournal, request: Entry) -> None:
    environ: dict[str, Any] = {**request.environ, "wsgi.input": io.BytesIO(request.body)}
    environ["CONTENT_LENGTH"] = str(len(request.body))
    list(journal(environ, lambda *_: None))


def test_changes_are_kept_once_and_reads_and_failures_not_at_all(tmp_path: Path) -> None:
    performed: list[bytes] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        performed.append(body)
        start_response("400 Bad" if b"Wrong" in body else "200 OK", [])
        return [b""]

    file = tmp_path / "requests.jsonl"
    journal = IamJournal(app, file)
    journal.restore()
    for request in (
        ROLE,
        OTHER,
        ROLE,
        entry("iam", "POST", "/", b"Action=GetRole"),
        entry("sts", "POST", "/", b"Action=X"),
        entry("iam", "POST", "/", b"Action=Wrong"),
    ):
        call(journal, request)
    performed.clear()
    IamJournal(app, file).restore()
    assert performed == [OTHER.body, ROLE.body]


def test_buckets_of_an_older_data_directory_are_taken_over_once(tmp_path: Path) -> None:
    file, buckets = tmp_path / "requests.jsonl", Buckets(tmp_path / "buckets")
    policy = b'{"Statement": []}'
    older = [
        entry("s3", "PUT", "/one"),
        entry("s3", "PUT", "/two"),
        ROLE,
        entry("s3", "PUT", "/one", policy, "policy"),
        entry("s3", "DELETE", "/two"),
        entry("s3", "PUT", "/one", b"<x/>", "versioning"),
        entry("s3", "PUT", "/", host="three.localhost:4580"),
    ]
    file.write_bytes(iam_journal.lines(older))
    for _ in range(2):
        migrate(file, buckets, "us-east-1")
        assert [bucket.name for bucket in buckets.all()] == ["one", "three"]
        assert buckets.require("one").documents == {"policy": policy.decode()}
        assert iam_journal.read(file) == [ROLE]
    logged = json.loads(file.read_bytes())
    assert base64.b64decode(logged["body"]) == ROLE.body
