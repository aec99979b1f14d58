"""Saves, loads and resets the state of a service that runs, over HTTP, signed as an SDK signs."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.session import Session

from localpersonalize.state.errors import StateError

SECONDS = 600.0  # without a byte of an answer: a large state is copied and packed before it is sent
NOTHING = hashlib.sha256().hexdigest()


class StateClient:
    """What `/_localpersonalize/` of one service can do."""

    def __init__(self, endpoint: str, credentials: Credentials, region: str) -> None:
        self._url = endpoint.rstrip("/") + "/_localpersonalize/"
        self._auth = SigV4Auth(credentials, "personalize", region)

    @classmethod
    def of_environment(cls, endpoint: str) -> StateClient:
        """With the credentials and region that an SDK would take.

        :raises StateError: if there are none.
        """
        session = Session()
        credentials = session.get_credentials()
        if credentials is None:
            raise StateError(
                "There are no credentials. Set AWS_SHARED_CREDENTIALS_FILE=DATA_DIR/credentials, or AWS_ACCESS_KEY_ID"
                " and AWS_SECRET_ACCESS_KEY."
            )
        return cls(endpoint, credentials, session.get_config_variable("region") or "us-east-1")

    def reset(self) -> None:
        """Remove all that the account has.

        :raises StateError: if the service refuses, or is not there.
        """
        with self._send("POST", "reset"):
            pass

    def save(self, file: Path) -> None:
        """Write all that the account has to a file, which is there when it is whole.

        :raises StateError: as of `reset`; and if the archive breaks off.
        """
        partial = file.with_name(f"{file.name}.partial")
        try:
            with self._send("GET", "state") as answer, open(partial, "wb") as target:
                shutil.copyfileobj(answer, target, 1 << 20)
                if answer.length:  # bytes that should still come
                    raise StateError("The archive broke off. Try again.")
            os.replace(partial, file)
        finally:
            partial.unlink(missing_ok=True)

    def load(self, file: Path) -> None:
        """Put what a file has in the place of all that the account has.

        :raises StateError: as of `reset`; if the archive is damaged, nothing has changed.
        """
        with open(file, "rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            source.seek(0)
            with self._send("POST", "state", source, file.stat().st_size, sha256):
                pass

    @contextmanager
    def _send(
        self, method: str, operation: str, body: IO[bytes] | None = None, size: int = 0, sha256: str = NOTHING
    ) -> Iterator[HTTPResponse]:
        headers = {"content-length": str(size), "x-amz-content-sha256": sha256}
        signed = AWSRequest(method, self._url + operation, headers)
        self._auth.add_auth(signed)
        parts = urlsplit(self._url)
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = connect(parts.netloc, timeout=SECONDS)
        try:
            with suppress(
                BrokenPipeError, ConnectionResetError
            ):  # refused before all was sent: the answer says why
                connection.request(method, parts.path + operation, body, dict(signed.headers.items()))
            answer = connection.getresponse()
            if answer.status != 200:
                raise StateError(_message(answer.status, answer.read()))
            yield answer
        except (OSError, HTTPException) as error:
            raise StateError(f"{self._url} does not answer: {error}.") from None
        finally:
            connection.close()


def _message(status: int, content: bytes) -> str:
    try:
        return str(orjson.loads(content)["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return f"The service answered {status}."
