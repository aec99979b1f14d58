"""One ASGI app on one port: Personalize and S3 here, every other service of AWS in moto."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson

from localpersonalize.aws.moto_server import MotoProcess
from localpersonalize.aws.s3.application import S3Application
from localpersonalize.http.asgi import (
    Receive,
    Scope,
    Send,
    hang_up,
    raw_path,
    read_body,
    send_answer,
    sending_headers,
)
from localpersonalize.http.background import Background
from localpersonalize.http.callers import Callers
from localpersonalize.http.health import OK, Health
from localpersonalize.http.page_door import PageDoor
from localpersonalize.http.personalize import ApiRequest, HangUpError, PersonalizeApi
from localpersonalize.http.proxy import UnreachableError, forward
from localpersonalize.http.request_counts import RequestCounts, is_metric_put
from localpersonalize.protocol import sigv4, xml_errors
from localpersonalize.protocol.errors import AccessDeniedError, ServiceError
from localpersonalize.protocol.headers import joined_headers
from localpersonalize.protocol.operations import serialise_error
from localpersonalize.protocol.sigv4 import Credentials
from localpersonalize.runtime.metrics import CONTENT_TYPE, Metrics

STATES = ("/healthz", "/metrics")
GLOBAL_REGION = "us-east-1"  # in which services without regions, such as IAM, are signed for
MOTOS_OWN = "/moto-api"
CLOUDWATCH = "monitoring"


class Server:
    """The ASGI application."""

    def __init__(
        self,
        api: PersonalizeApi,
        s3: S3Application,
        moto: MotoProcess,
        credentials: Credentials,
        region: str,
        callers: Callers,
        health: Health,
        metrics: Metrics,
        background: Background,
        counts: RequestCounts,
        page: PageDoor | None = None,
    ) -> None:
        self._api, self._s3, self._moto = api, s3, moto
        self._credentials, self._region, self._callers = credentials, region, callers
        self._health, self._metrics, self._background = health, metrics, background
        self._counts = counts
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = joined_headers(scope["headers"])
        query = scope["query_string"].decode("latin-1")
        service = sigv4.signing_service(headers.get("authorization", ""), query)
        if self._page and service is None and self._page.is_asked(scope, headers):
            await self._page.answer(scope, headers, receive, send)
            return
        proves_itself = service is not None and not self._credentials.accepts_any
        refusal = self._callers.refusal(headers, proves_itself)
        if refusal:
            error = AccessDeniedError(refusal, code="AccessDeniedException")
            await send_answer(send, error.status, serialise_error(error), "application/json", [])
            return
        if "origin" in headers:
            send = sending_headers(send, self._callers.cors(headers))
            if scope["method"] == "OPTIONS":
                await send_answer(send, 200, b"", "text/plain", self._callers.preflight(headers))
                return
        await self._route(scope, headers, query, service, receive, send)

    def start(self) -> None:
        """Begin what runs beside requests."""
        self._s3.start()
        self._background.start()

    def end_jobs(self) -> None:
        """Begin to end: workers and jobs, while what they need of this server is still there."""
        self._background.end_jobs()

    def finish_jobs(self) -> None:
        """The same, and wait for them: nothing changes the data directory any more but requests."""
        self._background.finish_jobs()

    def stop(self) -> None:
        self._background.stop()
        self._moto.stop()

    def copy_state(self, target: Path) -> None:
        """All that the account holds, in another folder; no request may be under way."""
        self._background.copy_state(target)

    async def _route(
        self,
        scope: Scope,
        headers: dict[str, str],
        query: str,
        service: str | None,
        receive: Receive,
        send: Send,
    ) -> None:
        path = scope["path"]
        if scope["method"] == "GET" and path in STATES and "authorization" not in headers:
            await self._state(path, send)
            return
        target = headers.get("x-amz-target", "")
        unsigned = service is None and scope["method"] == "POST" and self._api.has_path(path)
        if service == "personalize" or target.startswith("AmazonPersonalize.") or unsigned:
            await self._answer(scope, headers, query, receive, send)
        elif service in (None, "s3"):
            await self._s3(scope, receive, send)
        else:
            await self._pass_on(scope, headers, query, str(service), receive, send)

    async def _answer(
        self, scope: Scope, headers: dict[str, str], query: str, receive: Receive, send: Send
    ) -> None:
        """Answer a request to Personalize."""

        async def read() -> bytes:
            body = await read_body(receive)
            self._verify(scope, headers, query, body, "personalize", (self._region,))
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
        path = raw_path(scope)
        try:
            body = await read_body(receive)
            self._verify(scope, headers, query, body, service, (self._region, GLOBAL_REGION))
            if scope["path"].startswith(MOTOS_OWN):
                raise AccessDeniedError("There is no such operation.", code="AccessDenied")
            if service == CLOUDWATCH and not is_metric_put(path, headers, body):
                await asyncio.to_thread(self._counts.publish, self._counts.take())
            target = f"{path}?{query}" if query else path
            answer = await forward(self._moto, scope["method"], target, scope["headers"], body)
        except ServiceError as error:
            await send_answer(send, *xml_errors.refusal(service, error), [])
            return
        except UnreachableError as error:
            failure = ServiceError(
                f"The process that answers for {service} is not there: {error}. Try again.",
                code="ServiceUnavailable",
                status=503,
            )
            await send_answer(send, *xml_errors.refusal(service, failure), [])
            return
        length = (b"content-length", str(len(answer.content)).encode())
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, length]}
        )
        await send({"type": "http.response.body", "body": answer.content})

    def _verify(
        self,
        scope: Scope,
        headers: dict[str, str],
        query: str,
        body: bytes,
        service: str,
        regions: tuple[str, ...],
    ) -> None:
        sigv4.verify(
            self._credentials,
            scope["method"],
            raw_path(scope),
            query,
            headers,
            body,
            regions=regions,
            services=(service,),
        )

    async def _state(self, path: str, send: Send) -> None:
        if path == "/healthz":
            states = await asyncio.to_thread(self._health.check)
            well = all(state == OK for state in states.values())
            content = orjson.dumps({"status": OK if well else "failing", **states})
            await send_answer(send, 200 if well else 503, content, "application/json", [])
        else:
            content = await asyncio.to_thread(self._metrics.page)
            await send_answer(send, 200, content, CONTENT_TYPE, [])
