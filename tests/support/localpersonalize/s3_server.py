"""The S3 alone, in a thread of the tests' process, on a folder that outlives it."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import uvicorn
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotoCredentials

from localpersonalize.aws.s3.application import S3Application
from localpersonalize.aws.s3.storage import Storage
from localpersonalize.protocol.arns import AwsAccount
from localpersonalize.protocol.sigv4 import Credentials

KEY, SECRET, REGION = "AKIDOFTHETESTS", "secret-of-the-tests", "us-east-1"


class S3Server:
    """Starts on a folder, stops, and starts again."""

    def __init__(self, folder: Path, region: str = REGION) -> None:
        self.folder, self.region = folder, region
        self.port = 0

    def start(self) -> S3Server:
        self.storage = Storage(self.folder, AwsAccount(self.region)).start()
        app = S3Application(self.storage, Credentials(KEY, SECRET))
        listening = socket.create_server(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **config: Any) -> Any:
        options = {"retries": {"max_attempts": 0}, "proxies": {}, **config}
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=Config(**options),
        )

    def signed(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> dict[str, str]:
        """The headers of a request as botocore signs them."""
        request = AWSRequest(
            method, self.endpoint + path, {"host": f"127.0.0.1:{self.port}", **(headers or {})}, body
        )
        S3SigV4Auth(BotoCredentials(KEY, SECRET), "s3", self.region).add_auth(request)
        return dict(request.headers.items())

    def signed_chunks(
        self, method: str, path: str, form: str, size: int, headers: dict[str, str] | None = None
    ) -> dict[str, str]:
        """The headers of a request whose body is sent in chunks of the given form."""
        own = {"host": f"127.0.0.1:{self.port}", "x-amz-decoded-content-length": str(size), **(headers or {})}
        request = AWSRequest(method, self.endpoint + path, own)
        signer = S3SigV4Auth(BotoCredentials(KEY, SECRET), "s3", self.region)
        signer.payload = lambda _: form  # type: ignore[method-assign]
        request.headers["x-amz-content-sha256"] = form
        signer.add_auth(request)
        return dict(request.headers.items())

    def send(
        self, method: str, path: str, body: Any = b"", headers: dict[str, str] | None = None, **options: Any
    ) -> tuple[int, bytes, dict[str, str]]:
        """Send a request as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {}, **options)
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()


def wait_until(reached: Callable[[], bool], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"Waited {seconds} s for {what}."
        time.sleep(0.02)
