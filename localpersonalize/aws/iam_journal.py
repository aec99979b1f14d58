"""What IAM holds, kept as the requests that made it so, and sent to moto again when it starts.

One line of JSON a request. A line that was cut off, or is damaged, costs what it said and no more.
"""

from __future__ import annotations

import base64
import io
import logging
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localpersonalize.disk import full
from localpersonalize.disk.sealed import seal, unseal
from localpersonalize.private_files import replace_file
from localpersonalize.protocol import xml_errors
from localpersonalize.protocol.errors import ServiceError

log = logging.getLogger(__name__)

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

FILE = "requests.jsonl"
_IAM = re.compile(r"Credential=[^,\s]*/iam/aws4_request")
_READING = re.compile(rb"(?:^|&)Action=(?:Get|List|Simulate|Generate)")
ENVIRON_NAMES = (
    "HTTP_HOST",
    "HTTP_AUTHORIZATION",
    "CONTENT_TYPE",
    "HTTP_X_AMZ_DATE",
    "REQUEST_METHOD",
    "PATH_INFO",
    "QUERY_STRING",
)
_SAME = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING")


@dataclass(frozen=True)
class Entry:
    """One request."""

    environ: Mapping[str, Any]
    body: bytes

    def is_same(self, other: Entry) -> bool:
        """Whether both ask for the same, whenever they were sent."""
        return self.body == other.body and all(self.environ.get(n) == other.environ.get(n) for n in _SAME)


def write(file: Path, entries: Sequence[Entry]) -> None:
    """Let a log have these entries; one without any is no file, so that an empty file is a damaged one."""
    if entries:
        replace_file(file, lines(entries))
    else:
        file.unlink(missing_ok=True)


def read(file: Path) -> list[Entry]:
    """The entries of a log; what can't be read is logged and left out."""
    if file.exists() and not file.stat().st_size:
        log.error("%s is empty; what it said of IAM is lost", file)
    entries = []
    for number, line in enumerate(file.read_bytes().splitlines() if file.exists() else (), 1):
        if not line.strip():
            continue
        try:
            values = unseal(line)
            entry = Entry(dict(values["environ"]), base64.b64decode(values["body"], validate=True))
            entry.environ["REQUEST_METHOD"]
        except (ValueError, TypeError, KeyError) as error:
            log.error(
                "%s: line %d is damaged (%s); what it said of IAM is lost", file, number, type(error).__name__
            )
            continue
        entries.append(entry)
    return entries


def lines(entries: Sequence[Entry]) -> bytes:
    return b"".join(
        seal({"environ": entry.environ, "body": base64.b64encode(entry.body).decode()}) + b"\n"
        for entry in entries
    )


class IamJournal:
    """Passes requests to `app`; a change of IAM is on disk before it is answered."""

    def __init__(self, app: WsgiApp, file: Path) -> None:
        self._app, self._file = app, file
        self._lock = threading.Lock()
        self._entries: list[Entry] = []

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not _IAM.search(environ.get("HTTP_AUTHORIZATION", "")):
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        if _READING.search(body):
            return self._app(environ, start_response)
        entry = Entry({name: environ[name] for name in ENVIRON_NAMES if name in environ}, body)
        try:
            self._promise(entry)
        except OSError as error:
            return _unwritten(error, start_response)
        outcome: list[str] = []

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            outcome.append(status)
            return start_response(status, headers, *rest)

        answer = self._app(environ, started)
        self._settle(entry, bool(outcome) and outcome[0].startswith("2"))
        return answer

    def restore(self) -> None:
        """Bring IAM back as it was."""
        self._entries = read(self._file)
        for entry in self._entries:
            environ = {
                **entry.environ,
                "wsgi.input": io.BytesIO(entry.body),
                "CONTENT_LENGTH": str(len(entry.body)),
                "SERVER_NAME": "localhost",
                "SERVER_PORT": "80",
                "wsgi.url_scheme": "http",
                "wsgi.errors": io.StringIO(),
                "SERVER_PROTOCOL": "HTTP/1.1",
                "wsgi.version": (1, 0),
                "wsgi.multithread": True,
                "wsgi.multiprocess": False,
                "wsgi.run_once": False,
            }
            for _ in self._app(environ, lambda *_: None):
                pass

    def _promise(self, entry: Entry) -> None:
        """Have a request on disk, before it is performed: on a full disk nothing is done of what can't be kept."""
        with self._lock:
            replace_file(self._file, lines([*self._entries, entry]))
            self._entries.append(entry)

    def _settle(self, entry: Entry, is_done: bool) -> None:
        """Of the same request sent again, only the last one stays, and of one that was refused nothing."""
        with self._lock:
            if is_done:  # goes to disk with the next request; until then the earlier one is performed twice
                self._entries = [e for e in self._entries if e is entry or not e.is_same(entry)]
                return
            self._entries = [e for e in self._entries if e is not entry]
            try:
                write(self._file, self._entries)
            except OSError as error:
                log.error("a refused request stays in %s until the next change: %s", self._file, error)


def _unwritten(error: OSError, start_response: Callable[..., Any]) -> Iterable[bytes]:
    failure = ServiceError(full.reason(error), code="ServiceUnavailable", status=503)
    _, content, content_type = xml_errors.refusal("iam", failure)
    start_response(
        "503 Service Unavailable", [("Content-Type", content_type), ("Content-Length", str(len(content)))]
    )
    return [content]
