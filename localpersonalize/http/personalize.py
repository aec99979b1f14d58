"""Requests to Personalize: parsed, performed, and answered in the service's words."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from localpersonalize.database import WAY_OUT, is_damage
from localpersonalize.disk import full
from localpersonalize.fault_injection import Faults, error_of
from localpersonalize.http.request_counts import RequestCounts
from localpersonalize.protocol.errors import ServiceError
from localpersonalize.protocol.operations import Operation, Operations, serialise_error
from localpersonalize.resources import operations
from localpersonalize.resources.context import Answer, Context
from localpersonalize.resources.text_numbers import check_text_numbers
from localpersonalize.runtime.engine import OPERATIONS as RUNTIME_OPERATIONS
from localpersonalize.runtime.metrics import Metrics

log = logging.getLogger(__name__)

MAX_CONCURRENT_CHANGES = 64
READING = ("Describe", "List", "Get")


def _failure(error: Exception) -> ServiceError:
    """What a caller sees of an error that nobody expected.

    The models of the three services have none for a disk that is full. ServiceUnavailable is among the errors that
    every service of AWS may answer, means that it passes, and is tried again by SDKs.
    """
    if full.is_full(error):
        return ServiceError(full.reason(error), code="ServiceUnavailable", status=503)
    if is_damage(error):
        return ServiceError(
            f"The database is damaged: {error}. {WAY_OUT}", code="InternalFailure", status=500
        )
    return ServiceError("An internal error occurred.", code="InternalFailure", status=500)


class HangUpError(Exception):
    """Close the connection without an answer."""


@dataclass(frozen=True)
class ApiRequest:
    """A request, its body still to be read and its signature to be verified by `read`."""

    method: str
    path: str
    target: str | None
    read: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True)
class ApiResponse:
    """An answer as it goes over the wire."""

    status: int
    content: bytes
    content_type: str
    headers: list[tuple[bytes, bytes]]


class PersonalizeApi:
    """The operations of the three services, over HTTP."""

    def __init__(self, context: Context, faults: Faults, metrics: Metrics, counts: RequestCounts) -> None:
        self._context, self._faults, self._metrics, self._counts = context, faults, metrics, counts
        self._operations = Operations()
        self._changes = asyncio.Semaphore(MAX_CONCURRENT_CHANGES)

    def has_path(self, path: str) -> bool:
        """Whether an operation of the runtime or of the events service has this path."""
        return self._operations.has_path(path)

    def call(self, name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Perform an operation for the page of this service, from a thread: checked, performed and answered as over
        the network. It is not counted, and no fault that was asked for is meant for it.

        :param parameters: as JSON has them.
        :raises ServiceError: as a caller would see it.
        """
        operation = self._operations.by_name[name]
        try:
            checked = operation.parse(orjson.dumps(parameters))
            check_text_numbers(checked)
            if name in RUNTIME_OPERATIONS:
                answer: Answer = self._context.engine.answer(name, checked)
            else:
                answer = self._call(operation, operations.OPERATIONS[name], checked)
            wire: dict[str, Any] = orjson.loads(operation.serialise(answer))
        except ServiceError:
            raise
        except Exception as error:
            log.error("the page's %s failed", name, exc_info=not full.is_full(error))
            raise _failure(error) from error
        return wire

    async def answer(self, request: ApiRequest) -> ApiResponse:
        """
        :raises HangUpError: if the connection is to be closed without an answer.
        """
        started, name, code = time.perf_counter(), "Unknown", "200"
        request_id = str(uuid.uuid4())
        content_type = "application/x-amz-json-1.1"
        try:
            body = await request.read()
            operation = self._operations.find(request.method, request.path, request.target)
            name, content_type = operation.name, operation.content_type
            parameters = operation.parse(body)
            check_text_numbers(parameters)
            answer = await self._perform_or_fail(operation, parameters)
            status, content = 200, operation.serialise(answer)
        except HangUpError:
            log.info("request %s: %s hung up on", request_id, name)
            raise
        except ServiceError as error:
            code, status, content = error.code, error.status, serialise_error(error)
        except Exception as error:
            failure = _failure(error)
            log.error("request %s: %s failed", request_id, name, exc_info=not full.is_full(error))
            code, status, content = failure.code, failure.status, serialise_error(failure)
        self._observe(request_id, name, code, status, time.perf_counter() - started)
        headers = [(b"x-amzn-requestid", request_id.encode())]
        if status >= 400:
            headers.append((b"x-amzn-errortype", code.encode()))
        return ApiResponse(status, content, content_type, headers)

    async def _perform_or_fail(self, operation: Operation, parameters: dict[str, Any]) -> Answer:
        """Perform an operation, unless a fault was asked for."""
        fault = self._faults.of_request(operation.name)
        if fault is None:
            return await self._perform(operation, parameters)
        if error := error_of(fault):
            raise error
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "drop":
            raise HangUpError
        answer = await self._perform(operation, parameters)
        if fault.kind == "lost":
            raise HangUpError
        return answer

    async def _perform(self, operation: Operation, parameters: dict[str, Any]) -> Answer:
        if operation.name in RUNTIME_OPERATIONS:
            answer = await self._context.engine.answer_async(operation.name, parameters)
            self._counts.add(operation.name, parameters)
            return answer
        handle = operations.OPERATIONS.get(operation.name)
        if handle is None:
            raise ServiceError(f"{operation.name} is not implemented yet.", code="NotImplemented", status=501)
        async with self._changes:
            return await asyncio.to_thread(self._call, operation, handle, parameters)

    def _call(self, operation: Operation, handle: operations.Handler, parameters: dict[str, Any]) -> Answer:
        """Perform it; one that changes resources sees none change between its checks and its change."""
        if operation.service != "personalize" or operation.name.startswith(READING):
            return handle(self._context, parameters)
        prepare = operations.PREPARATIONS.get(operation.name)
        if prepare:
            prepare(parameters)
        with self._context.database.transaction():
            return handle(self._context, parameters)

    def _observe(self, request_id: str, name: str, code: str, status: int, seconds: float) -> None:
        """Count a request, and log it unless it is one of the many that applications send."""
        self._metrics.observe(name, code, seconds)
        if name not in RUNTIME_OPERATIONS or status >= 400:
            milliseconds = seconds * 1000
            fields = {"request": request_id, "operation": name, "code": code, "milliseconds": milliseconds}
            log.info(
                "request %s: %s %s %d %.1f ms", request_id, name, code, status, milliseconds, extra=fields
            )
