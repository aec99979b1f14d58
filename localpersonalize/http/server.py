"""One ASGI app on one port: Personalize here, every other service of AWS in the stand-in."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from localpersonalize import fault_injection
from localpersonalize.http.proxy import forward
from localpersonalize.protocol import sigv4, xml_errors
from localpersonalize.protocol.errors import ServiceError
from localpersonalize.protocol.operations import Operation, Operations, serialise_error
from localpersonalize.resources import registry
from localpersonalize.resources.auto_training import begin_what_is_due
from localpersonalize.runtime.engine import OPERATIONS as RUNTIME_OPERATIONS
from localpersonalize.runtime.errors import RequestRefusedError
from localpersonalize.runtime.metrics import CONTENT_TYPE, Metrics
from localpersonalize.service import Service

log = logging.getLogger(__name__)

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MAX_BODY_BYTES = 1 << 20
MAX_CONCURRENT_CHANGES = 64
READING = ("Describe", "List", "Get")
LOOK_FOR_DUE_TRAININGS_SECONDS = 60


class Server:
    """The ASGI application."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.operations = Operations()
        self.handlers = registry.load()
        self._changes = asyncio.Semaphore(MAX_CONCURRENT_CHANGES)
        self.metrics = Metrics(
            jobs=service.store.counts, sizes=service.runtime.model_sizes, queue=service.jobs.waiting
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        path = scope["path"]
        if scope["method"] == "GET" and path in ("/healthz", "/metrics") and "authorization" not in headers:
            await self._page(path, send)
            return
        ours = sigv4.signing_service(headers.get("authorization", ""), query)
        target = headers.get("x-amz-target")
        unsigned = ours is None and scope["method"] == "POST" and self.operations.has_path(path)
        if ours == "personalize" or (target or "").startswith("AmazonPersonalize.") or unsigned:
            await self._answer(scope, headers, query, target, receive, send)
        else:
            await self._pass_on(scope, headers, query, ours or "s3", receive, send)

    async def _pass_on(
        self, scope: Scope, headers: dict[str, str], query: str, service: str, receive: Receive, send: Send
    ) -> None:
        """Let the stand-in answer a request that is signed."""
        try:
            body = None if service == "s3" else await _read(receive)
            self._verify(scope, headers, query, body)
        except ServiceError as error:
            await _send(send, *xml_errors.refusal(service, error), [])
            return
        await forward(scope, receive if body is None else _read_before(body), send, self.service.aws_endpoint)

    def _verify(self, scope: Scope, headers: dict[str, str], query: str, body: bytes | None) -> None:
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        sigv4.verify(self.service.credentials, scope["method"], path, query, headers, body)

    async def _answer(
        self,
        scope: Scope,
        headers: dict[str, str],
        query: str,
        target: str | None,
        receive: Receive,
        send: Send,
    ) -> None:
        started, name, code = time.perf_counter(), "Unknown", "200"
        request_id = str(uuid.uuid4())
        content_type = "application/x-amz-json-1.1"
        try:
            body = await _read(receive)
            self._verify(scope, headers, query, body)
            operation = self.operations.find(scope["method"], scope["path"], target)
            name, content_type = operation.name, operation.content_type
            answer = await self._perform_or_fail(operation, operation.parse(body))
            status, content = 200, operation.serialise(answer)
        except _HangUpError:
            log.info("request %s: %s hung up on", request_id, name)
            await _hang_up(receive, send)
            return
        except ServiceError as error:
            code, status, content = error.code, error.status, serialise_error(error)
        except RequestRefusedError as error:
            refused = ServiceError(error.message, code=error.code)
            code, status, content = refused.code, refused.status, serialise_error(refused)
        except Exception:
            log.exception("request %s: %s failed", request_id, name)
            failure = ServiceError("An internal error occurred.", code="InternalFailure", status=500)
            code, status, content = failure.code, failure.status, serialise_error(failure)
        seconds = time.perf_counter() - started
        self.metrics.observe(name, code, seconds)
        if name not in RUNTIME_OPERATIONS or status >= 400:
            known = {"request": request_id, "operation": name, "code": code, "milliseconds": seconds * 1000}
            log.info(
                "request %s: %s %s %d %.1f ms", request_id, name, code, status, seconds * 1000, extra=known
            )
        error_header = [(b"x-amzn-errortype", code.encode())] if status >= 400 else []
        await _send(
            send, status, content, content_type, [(b"x-amzn-requestid", request_id.encode()), *error_header]
        )

    async def _perform_or_fail(self, operation: Operation, parameters: dict[str, Any]) -> Mapping[str, Any]:
        """Perform an operation, unless a fault was asked for."""
        fault = self.service.faults.of_request(operation.name)
        if fault is None:
            return await self._perform(operation, parameters)
        if error := fault_injection.answer(fault):
            raise error
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "drop":
            raise _HangUpError
        answer = await self._perform(operation, parameters)
        if fault.kind == "lost":
            raise _HangUpError
        return answer

    async def _perform(self, operation: Operation, parameters: dict[str, Any]) -> Mapping[str, Any]:
        if operation.name in RUNTIME_OPERATIONS:
            return await self.service.runtime.answer_soon(operation.name, parameters)
        handler = self.handlers.get(operation.name)
        if handler is None:
            raise ServiceError(f"{operation.name} is not implemented yet.", code="NotImplemented", status=501)
        async with self._changes:
            return await asyncio.to_thread(self._handle, operation, handler, parameters)

    def _handle(
        self, operation: Operation, handler: registry.Operation, parameters: dict[str, Any]
    ) -> Mapping[str, Any]:
        """Call a handler; one that changes resources sees none change between its checks and its change."""
        if operation.service != "personalize" or operation.name.startswith(READING):
            return handler(self.service, parameters)
        if operation.name in registry.AHEAD:
            registry.AHEAD[operation.name](parameters)
        with self.service.store.transaction():
            return handler(self.service, parameters)

    async def _train_automatically(self) -> None:
        while True:
            try:
                await asyncio.to_thread(begin_what_is_due, self.service, time.time())
            except Exception:  # one look that fails must not end all that come after it
                log.exception("looking for trainings that are due failed")
            await asyncio.sleep(LOOK_FOR_DUE_TRAININGS_SECONDS)

    async def _page(self, path: str, send: Send) -> None:
        if path == "/healthz":
            found = await asyncio.to_thread(self.service.health)
            well = all(state == "ok" for state in found.values())
            content = orjson.dumps({"status": "ok" if well else "failing", **found})
            await _send(send, 200 if well else 503, content, "application/json", [])
        else:
            content = await asyncio.to_thread(self.metrics.page)
            await _send(send, 200, content, CONTENT_TYPE, [])

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.service.jobs.resume()
                training = asyncio.create_task(self._train_automatically())
                self.service.runtime.warm(self.service.serving())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                training.cancel()
                self.service.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


class _HangUpError(Exception):
    """Close the connection without an answer."""


async def _hang_up(receive: Receive, send: Send) -> None:
    """Close the connection as a broken network would: the server's transport, since ASGI has no word for it."""
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:  # another server than uvicorn: an answer that ends too early
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        return
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _read(receive: Receive) -> bytes:
    """The body of a request.

    :raises ServiceError: RequestEntityTooLargeException, if it is larger than any request of the services.
    """
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise ServiceError(
                f"A request may have {MAX_BODY_BYTES} bytes.",
                code="RequestEntityTooLargeException",
                status=413,
            )
        if not message.get("more_body"):
            return bytes(body)


def _read_before(body: bytes) -> Receive:
    """Gives a body that was read already."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _send(
    send: Send, status: int, content: bytes, content_type: str, headers: list[tuple[bytes, bytes]]
) -> None:
    own = [(b"content-type", content_type.encode()), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": content})
