"""One ASGI app on one port: Personalize here, every other service of AWS in moto."""

from __future__ import annotations

import asyncio

import orjson

from localpersonalize.http.asgi import (
    Receive,
    Scope,
    Send,
    hang_up,
    raw_path,
    read_body,
    replay,
    send_answer,
)
from localpersonalize.http.background import Background
from localpersonalize.http.health import OK, Health
from localpersonalize.http.personalize import ApiRequest, HangUpError, PersonalizeApi
from localpersonalize.http.proxy import forward
from localpersonalize.protocol import sigv4, xml_errors
from localpersonalize.protocol.errors import ServiceError
from localpersonalize.protocol.sigv4 import Credentials
from localpersonalize.runtime.metrics import CONTENT_TYPE, Metrics

PAGES = ("/healthz", "/metrics")


class Server:
    """The ASGI application."""

    def __init__(
        self,
        api: PersonalizeApi,
        credentials: Credentials,
        aws_endpoint: str,
        health: Health,
        metrics: Metrics,
        background: Background,
    ) -> None:
        self._api, self._credentials, self._aws_endpoint = api, credentials, aws_endpoint
        self._health, self._metrics, self._background = health, metrics, background

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        path = scope["path"]
        if scope["method"] == "GET" and path in PAGES and "authorization" not in headers:
            await self._page(path, send)
            return
        service = sigv4.signing_service(headers.get("authorization", ""), query)
        target = headers.get("x-amz-target", "")
        unsigned = service is None and scope["method"] == "POST" and self._api.has_path(path)
        if service == "personalize" or target.startswith("AmazonPersonalize.") or unsigned:
            await self._answer(scope, headers, query, receive, send)
        else:
            await self._pass_on(scope, headers, query, service or "s3", receive, send)

    async def _answer(
        self, scope: Scope, headers: dict[str, str], query: str, receive: Receive, send: Send
    ) -> None:
        """Answer a request to Personalize."""

        async def read() -> bytes:
            body = await read_body(receive)
            self._verify(scope, headers, query, body)
            return body

        request = ApiRequest(scope["method"], scope["path"], headers.get("x-amz-target"), read)
        try:
            response = await self._api.answer(request)
        except HangUpError:
            await hang_up(receive, send)
            return
        await send_answer(send, response.status, response.content, response.content_type, response.headers)

    async def _pass_on(
        self, scope: Scope, headers: dict[str, str], query: str, service: str, receive: Receive, send: Send
    ) -> None:
        """Let moto answer a request that is signed."""
        try:
            body = None if service == "s3" else await read_body(receive)
            self._verify(scope, headers, query, body)
        except ServiceError as error:
            await send_answer(send, *xml_errors.refusal(service, error), [])
            return
        await forward(scope, receive if body is None else replay(body), send, self._aws_endpoint)

    def _verify(self, scope: Scope, headers: dict[str, str], query: str, body: bytes | None) -> None:
        sigv4.verify(self._credentials, scope["method"], raw_path(scope), query, headers, body)

    async def _page(self, path: str, send: Send) -> None:
        if path == "/healthz":
            found = await asyncio.to_thread(self._health.check)
            well = all(state == OK for state in found.values())
            content = orjson.dumps({"status": OK if well else "failing", **found})
            await send_answer(send, 200 if well else 503, content, "application/json", [])
        else:
            content = await asyncio.to_thread(self._metrics.page)
            await send_answer(send, 200, content, CONTENT_TYPE, [])

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._background.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self._background.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return
