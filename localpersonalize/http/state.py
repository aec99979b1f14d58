"""`/_localpersonalize/`: the account as a whole. Its operations are signed as those of Personalize are.

`POST reset` empties it, `GET state` saves it as an archive, `POST state` puts one in its place.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from localpersonalize.disk import full
from localpersonalize.http.asgi import (
    BODY_SECONDS,
    Receive,
    Scope,
    Send,
    raw_path,
    read_body,
    send_answer,
    send_file,
)
from localpersonalize.http.callers import Callers
from localpersonalize.http.restartable import RestartableServer
from localpersonalize.private_files import make_private_folder
from localpersonalize.protocol import sigv4
from localpersonalize.protocol.arns import AwsAccount
from localpersonalize.protocol.errors import AccessDeniedError, InvalidInputError, ServiceError
from localpersonalize.protocol.headers import joined_headers
from localpersonalize.protocol.operations import serialise_error
from localpersonalize.protocol.sigv4 import Credentials
from localpersonalize.state import archive, content
from localpersonalize.state.errors import ArchiveError

log = logging.getLogger(__name__)

PREFIX = "/_localpersonalize/"
JSON = "application/json"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WORKSPACE = "state-*.partial"


class StateApplication:
    """Answers what is under `PREFIX`; everything else is the server's."""

    def __init__(
        self,
        server: RestartableServer,
        data_dir: Path,
        account: AwsAccount,
        credentials: Credentials,
        callers: Callers,
    ) -> None:
        self._server, self._data_dir, self._account = server, data_dir, account
        self._credentials, self._callers = credentials, callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(PREFIX):
            try:
                await self._answer(scope, receive, send)
            except ServiceError as error:
                await send_answer(send, error.status, serialise_error(error), JSON, [])
        else:
            await self._server(scope, receive, send)

    def end_jobs(self) -> None:
        """Begin to end: workers and jobs, while what they need of this server is still there."""
        self._server.end_jobs()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        :raises ServiceError: if it is refused, or there is no room on the disk.
        """
        headers = joined_headers(scope["headers"])
        if refusal := self._callers.refusal(headers, not self._credentials.accepts_any):
            raise AccessDeniedError(refusal, code="AccessDeniedException")
        operation = (scope["method"], scope["path"].removeprefix(PREFIX))
        try:
            if operation == ("POST", "reset"):
                self._verify(scope, headers, await read_body(receive))
                await self._reset()
            elif operation == ("POST", "state"):
                sha256 = _sha256_of(headers)
                self._verify(scope, headers, None)
                await self._load(receive, sha256)
            elif operation == ("GET", "state"):
                self._verify(scope, headers, await read_body(receive))
                await self._save(send)
                return
            else:
                self._verify(scope, headers, await read_body(receive))
                raise ServiceError(
                    "There is no such operation.", code="UnknownOperationException", status=404
                )
        except OSError as error:
            if not full.is_full(error):
                raise
            raise ServiceError(full.reason(error), code="ServiceUnavailable", status=503) from None
        await send_answer(send, 200, b"{}", JSON, [])

    def _verify(self, scope: Scope, headers: dict[str, str], body: bytes | None) -> None:
        sigv4.verify(
            self._credentials,
            scope["method"],
            raw_path(scope),
            scope["query_string"].decode("latin-1"),
            headers,
            body,
            regions=(self._account.region,),
            services=("personalize",),
        )

    async def _reset(self) -> None:
        async with self._workspace() as folder:
            staged = folder / "content"
            make_private_folder(staged)
            await asyncio.to_thread(content.make_empty, staged)
            await self._server.replace(staged)
        log.info("the account was reset")

    async def _save(self, send: Send) -> None:
        async with self._workspace() as folder:
            staged, file = folder / "content", folder / "archive"
            make_private_folder(staged)
            await self._server.copy(staged)
            await asyncio.to_thread(archive.write, staged, self._account, file)
            name = f"{self._account.number}-{self._account.region}.tar.gz"
            disposition = (b"content-disposition", f'attachment; filename="{name}"'.encode())
            await send_file(send, file, "application/gzip", [disposition])

    async def _load(self, receive: Receive, sha256: str) -> None:
        async with self._workspace() as folder:
            staged, file = folder / "content", folder / "archive"
            make_private_folder(staged)
            if await _receive_file(receive, file) != sha256:
                raise InvalidInputError(
                    "The archive does not have the SHA-256 that x-amz-content-sha256 says."
                )
            try:
                await asyncio.to_thread(archive.read, file, self._account, staged)
            except ArchiveError as error:
                raise InvalidInputError(f"{error} Nothing was changed.") from None
            await self._server.replace(staged)
        log.info("the account's state was loaded")

    @asynccontextmanager
    async def _workspace(self) -> AsyncIterator[Path]:
        """A folder of the data directory, gone at the end."""
        folder = self._data_dir / _WORKSPACE.replace("*", uuid.uuid4().hex)
        make_private_folder(folder)
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                for folder in self._data_dir.glob(_WORKSPACE):  # of a process that was killed
                    shutil.rmtree(folder, ignore_errors=True)
                self._server.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self._server.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _sha256_of(headers: dict[str, str]) -> str:
    """
    :raises InvalidInputError: if a request does not say which SHA-256 its body has.
    """
    sha256 = headers.get("x-amz-content-sha256", "")
    if not _SHA256.fullmatch(sha256):
        raise InvalidInputError(
            "An archive must be sent with its SHA-256 in hexadecimal digits in the header x-amz-content-sha256."
        )
    return sha256


async def _receive_file(receive: Receive, file: Path) -> str:
    """Write a body to a file, whatever its size; its SHA-256.

    :raises ServiceError: RequestTimeoutException, if it breaks off.
    """
    digest, more = hashlib.sha256(), True
    with open(file, "wb") as target:
        while more:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    message = await receive()
            except TimeoutError:
                message = {"type": "http.disconnect"}
            if message["type"] != "http.request":
                raise ServiceError("The archive was not whole.", code="RequestTimeoutException", status=408)
            piece, more = message.get("body", b""), message.get("more_body", False)
            digest.update(piece)
            await asyncio.to_thread(target.write, piece)
    return digest.hexdigest()
