"""Keeps on disk what moto holds of S3 and IAM: a WSGI middleware around it.

Objects are files, written aside and renamed before the request that made them is answered. Whatever shapes buckets, roles
and policies is kept as the requests that did it, and sent again at the start.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

CHANGING = ("PUT", "POST", "DELETE")
_SERVICE = re.compile(r"Credential=[^,\s]*/([a-z0-9-]+)/aws4_request")
_READING = re.compile(rb"(?:^|&)Action=(?:Get|List|Simulate|Generate)")
_KEYS = re.compile(rb"<Key>(.*?)</Key>", re.DOTALL)
KEPT_HEADERS = ("HTTP_HOST", "HTTP_AUTHORIZATION", "CONTENT_TYPE", "HTTP_X_AMZ_DATE")


class Mirror:
    """Passes requests to `app` and mirrors their effect in `folder`."""

    def __init__(self, app: WsgiApp, folder: Path) -> None:
        self.app, self.folder = app, folder
        self._objects = folder / "objects"
        self._journal = folder / "requests.jsonl"
        self._lock = threading.Lock()
        self._objects.mkdir(parents=True, exist_ok=True)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        service = _service(environ)
        if environ["REQUEST_METHOD"] not in CHANGING or service not in ("s3", "iam"):
            return self.app(environ, start_response)
        bucket, key = _place(environ)
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        body = b""
        if service == "iam" or not key:  # small requests, needed again below
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
        outcome: list[str] = []

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            outcome.append(status)
            return start_response(status, headers, *rest)

        answer = self.app(environ, started)
        if outcome and outcome[0].startswith("2"):
            if service == "iam":
                if not _READING.search(body):
                    self._note(environ, body)
            elif key and "partNumber" not in query and "uploads" not in query:
                self._keep(bucket, key)
            elif "delete" in query:
                for name in _KEYS.findall(body):
                    self._keep(bucket, unquote(name.decode()))
            elif not key:
                self._note(environ, body)
        return answer

    def restore(self) -> None:
        """Bring moto's state back."""
        for line in self._journal.read_text().splitlines() if self._journal.exists() else ():
            entry = json.loads(line)
            body = base64.b64decode(entry["body"])
            environ = {
                **entry["environ"], "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)),
                "SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO(),
                "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.multithread": True,
                "wsgi.multiprocess": False, "wsgi.run_once": False,
            }  # fmt: skip
            for _ in self.app(environ, lambda *_: None):
                pass
        backend = _backend()
        for note in sorted(self._objects.glob("*.json")):
            entry = json.loads(note.read_text())
            if entry["bucket"] in backend.buckets:
                kept = backend.put_object(
                    entry["bucket"], entry["key"], note.with_suffix(".data").read_bytes()
                )
                kept.set_metadata(entry["metadata"])

    def _keep(self, bucket: str, key: str) -> None:
        """Make the file of an object what the object is now: its bytes, or nothing."""
        stem = self._objects / hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()
        held = _backend().get_object(bucket, key) if bucket in _backend().buckets else None
        if held is None:
            stem.with_suffix(".json").unlink(missing_ok=True)
            stem.with_suffix(".data").unlink(missing_ok=True)
            return
        _replace(stem.with_suffix(".data"), held.value)
        metadata = {name: value for name, value in dict(held.metadata).items() if isinstance(value, str)}
        _replace(
            stem.with_suffix(".json"),
            json.dumps({"bucket": bucket, "key": key, "metadata": metadata}).encode(),
        )

    def _note(self, environ: Environ, body: bytes) -> None:
        """Remember a request; of the same request sent again, only the last one."""
        kept = {
            name: environ[name]
            for name in (*KEPT_HEADERS, "REQUEST_METHOD", "PATH_INFO", "QUERY_STRING")
            if name in environ
        }
        entry = {"environ": kept, "body": base64.b64encode(body).decode()}
        with self._lock:
            lines = self._journal.read_text().splitlines() if self._journal.exists() else []
            earlier = [line for line in lines if not _same(json.loads(line), entry)]
            _replace(self._journal, "\n".join([*earlier, json.dumps(entry)]).encode())


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["body"] == other["body"] and all(
        one["environ"].get(name) == other["environ"].get(name)
        for name in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING")
    )


def _replace(file: Path, content: bytes) -> None:
    partial = file.with_name(f"{file.name}.{threading.get_ident()}.partial")
    partial.write_bytes(content)
    partial.replace(file)


def _backend() -> Any:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]


def _service(environ: Environ) -> str:
    found = _SERVICE.search(environ.get("HTTP_AUTHORIZATION", "") or unquote(environ.get("QUERY_STRING", "")))
    return found.group(1) if found else "s3"


def _place(environ: Environ) -> tuple[str, str]:
    """Bucket and key of a path-style request."""
    path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
    bucket, _, key = path.lstrip("/").partition("/")
    return bucket, key
