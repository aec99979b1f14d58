"""The S3 as an ASGI app: who asks is established, then the operation performed, and errors are S3's documents."""

from __future__ import annotations

import asyncio
import errno
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from localpersonalize.aws.s3 import routes
from localpersonalize.aws.s3.authentication import Authenticator
from localpersonalize.aws.s3.body import READ_SECONDS, Body
from localpersonalize.aws.s3.errors import DisconnectedError, S3Error, storage_full
from localpersonalize.aws.s3.forms import post_object
from localpersonalize.aws.s3.requests import XML, Answer, Request, query_of, target_of
from localpersonalize.aws.s3.storage import Storage
from localpersonalize.disk import full
from localpersonalize.protocol.headers import joined_headers
from localpersonalize.protocol.sigv4 import Credentials

log = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

_OUT_OF_HANDLES = (errno.EMFILE, errno.ENFILE)
_WITHOUT_BODY = (204, 304)
_OF_OLDER_URLS = ("content-md5", "content-type")


class S3Application:
    """Serves one account's storage."""

    def __init__(self, storage: Storage, credentials: Credentials) -> None:
        self._storage = storage
        self._authenticator = Authenticator(credentials, storage.account.region)

    def start(self) -> None:
        """Begin what runs beside requests."""
        self._storage.start()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        request_id = uuid.uuid4().hex[:16].upper()
        receive, send = _closing_after_refusals(scope, receive, send)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        try:
            answer = await self._answer(scope, path, receive)
        except DisconnectedError:
            return
        except S3Error as error:
            answer = _refusal(error, path, request_id)
        except OSError as error:
            passes = full.is_full(error) or error.errno in _OUT_OF_HANDLES
            if not passes:
                log.exception("request %s: S3 failed", request_id)
            failure = storage_full(error) if passes else _internal()
            answer = _refusal(failure, path, request_id)
        except Exception:
            log.exception("request %s: S3 failed", request_id)
            answer = _refusal(_internal(), path, request_id)
        await _send(send, answer, scope["method"], request_id)

    async def _answer(self, scope: Mapping[str, Any], path: str, receive: Receive) -> Answer:
        headers = joined_headers(scope["headers"])
        text = scope["query_string"].decode("latin-1")
        target, query = target_of(path, headers.get("host", "")), query_of(text)
        method = scope["method"]
        if method == "POST" and target.bucket and not target.key and "authorization" not in headers:
            content_type = headers.get("content-type", "")
            if content_type.lower().startswith("multipart/form-data"):
                return await post_object(
                    self._storage, self._authenticator, target.bucket, content_type, receive
                )
        signed = self._authenticator.authenticate(method, path, target.resource, text, headers)
        if signed is None:  # an older URL carries these in its query, and signs them
            named = {name.lower(): value for name, value in query.items()}
            url_headers = {n: v for n, v in named.items() if n.startswith("x-amz-") or n in _OF_OLDER_URLS}
            headers = {**url_headers, **headers}
        owner = headers.get("x-amz-expected-bucket-owner", self._storage.account.number)
        if owner != self._storage.account.number:
            raise S3Error("AccessDenied", "Access Denied: the bucket has another owner.")
        has_checksum = not (method == "POST" and "uploadId" in query)
        request = Request(method, target, query, headers, Body(headers, signed, receive, has_checksum))
        return await routes.find(request)(self._storage, request)


def _internal() -> S3Error:
    return S3Error("InternalError", "We encountered an internal error. Please try again.")


def _refusal(error: S3Error, path: str, request_id: str) -> Answer:
    return Answer(error.status, {"content-type": XML}, error.content(path, request_id))


async def _send(send: Send, answer: Answer, method: str, request_id: str) -> None:
    headers = {
        "x-amz-request-id": request_id,
        "x-amz-id-2": request_id,
        "server": "AmazonS3",
        **answer.headers,
    }
    without_body = method == "HEAD" or answer.status in _WITHOUT_BODY
    if answer.status not in _WITHOUT_BODY:
        headers.setdefault("content-length", "0" if without_body else str(len(answer.body)))
    encoded = [(name.encode("latin-1"), _value(value)) for name, value in headers.items()]
    try:
        async with asyncio.timeout(READ_SECONDS):
            await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
            if answer.stream is None:
                await send({"type": "http.response.body", "body": b"" if without_body else answer.body})
                return
        async for piece in answer.stream:
            async with asyncio.timeout(READ_SECONDS):  # who reads nothing for so long is gone
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        if answer.stream is not None and hasattr(answer.stream, "aclose"):
            await answer.stream.aclose()


def _closing_after_refusals(scope: Mapping[str, Any], receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Who waits to be let to send a body, and is refused, sends none: the connection can't be used after that."""
    if not any(name == b"expect" for name, _ in scope["headers"]):
        return receive, send
    body_requested = False

    async def noted_receive() -> Any:
        nonlocal body_requested
        body_requested = True
        return await receive()

    async def closing_send(message: Any) -> None:
        if message["type"] == "http.response.start" and not body_requested:
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return noted_receive, closing_send


def _value(text: str) -> bytes:
    """A header's value on one line."""
    return text.replace("\r", " ").replace("\n", " ").encode("latin-1", "replace")
