"""Keeps on disk what moto holds of S3 and IAM: a WSGI middleware around it.

Objects are files, on disk before the request that made them is answered (`localpersonalize.aws.object_files`), and sent
from there piece by piece. Whatever shapes buckets, roles and policies is kept as the requests that did it, and sent
again at the start. Of an object in a versioned bucket the newest version is kept.
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from localpersonalize.aws.object_files import FileBuffer, ObjectStore, held_object, replace

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

CHANGING = ("PUT", "POST", "DELETE")
_SERVICE = re.compile(r"Credential=[^,\s]*/([a-z0-9-]+)/aws4_request")
_READING = re.compile(rb"(?:^|&)Action=(?:Get|List|Simulate|Generate)")
_KEYS = re.compile(rb"<Key>(.*?)</Key>", re.DOTALL)
_BUCKET_HOST = re.compile(r"(.+)\.(?:localhost(?::\d+)?$|s3[.-])")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
KEPT_HEADERS = ("HTTP_HOST", "HTTP_AUTHORIZATION", "CONTENT_TYPE", "HTTP_X_AMZ_DATE")


class PersistenceMiddleware:
    """Passes requests to `app` and mirrors their effect in `folder`."""

    def __init__(self, app: WsgiApp, folder: Path) -> None:
        self.app = app
        self._objects = ObjectStore(folder / "objects")
        self._journal = folder / "requests.jsonl"
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        service = _service(environ)
        bucket, key = _place(environ)
        if environ["REQUEST_METHOD"] == "GET" and service == "s3" and key:
            return self._send(environ, start_response, bucket, key)
        if environ["REQUEST_METHOD"] not in CHANGING or service not in ("s3", "iam"):
            return self.app(environ, start_response)
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
                self._objects.keep(bucket, key)
            elif "delete" in query:
                for name in _KEYS.findall(body):
                    self._objects.keep(bucket, html.unescape(name.decode()))
            elif not key:
                self._note(environ, body)
        return answer

    def restore(self) -> None:
        """Bring moto's state back."""
        for line in self._journal.read_text().splitlines() if self._journal.exists() else ():
            entry = json.loads(line)
            body = base64.b64decode(entry["body"])
            environ = {
                **entry["environ"],
                "wsgi.input": io.BytesIO(body),
                "CONTENT_LENGTH": str(len(body)),
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
            for _ in self.app(environ, lambda *_: None):
                pass
        self._objects.restore()

    def _send(
        self, environ: Environ, start_response: Callable[..., Any], bucket: str, key: str
    ) -> Iterable[bytes]:
        """An object, whole or a range of it, from its file; what is more special than that is left to moto."""
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        asked = environ.get("HTTP_RANGE")
        bounds = _RANGE.fullmatch(asked or "bytes=0-")
        held = held_object(bucket, key)
        buffer = getattr(held, "_value_buffer", None)
        if not isinstance(buffer, FileBuffer) or set(query) - {"x-id"} or not bounds:
            return self.app(environ, start_response)
        head: list[tuple[str, list[tuple[str, str]]]] = []
        without_range = {name: value for name, value in environ.items() if name != "HTTP_RANGE"}
        for _ in self.app(
            {**without_range, "REQUEST_METHOD": "HEAD"},
            lambda status, headers, *_: head.append((status, headers)),
        ):
            pass
        first, last = int(bounds[1]), min(int(bounds[2] or held.size - 1), held.size - 1)
        if not head[0][0].startswith("200") or (asked and first > last):
            return self.app(environ, start_response)
        size = last - first + 1
        # moto gives multipart and copied objects checksums of their parts under the name of the whole's, which SDKs
        # take for damage. What comes from a file goes without; HeadObject and GetObjectAttributes show them.
        unfit = ("content-length", "x-amz-checksum")
        headers = [(name, value) for name, value in head[0][1] if not name.lower().startswith(unfit)]
        headers.append(("Content-Length", str(size)))
        if asked:
            headers.append(("Content-Range", f"bytes {first}-{last}/{held.size}"))
        start_response("206 PARTIAL CONTENT" if asked else "200 OK", headers)
        return buffer.pieces(first, size)

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
            replace(self._journal, "\n".join([*earlier, json.dumps(entry)]).encode())


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["body"] == other["body"] and all(
        one["environ"].get(name) == other["environ"].get(name)
        for name in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING")
    )


def _service(environ: Environ) -> str:
    found = _SERVICE.search(environ.get("HTTP_AUTHORIZATION", "") or unquote(environ.get("QUERY_STRING", "")))
    return found.group(1) if found else "s3"


def _place(environ: Environ) -> tuple[str, str]:
    """Bucket and key of a request, whether the bucket is in its path or in its host name."""
    path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
    in_host = _BUCKET_HOST.match(environ.get("HTTP_HOST", ""))
    if in_host:
        return in_host[1], path.removeprefix("/")
    bucket, _, key = path.removeprefix("/").partition("/")
    return bucket, key
