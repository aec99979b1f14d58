"""A proxy before the service that loses answers, throttles and fails as a test tells it to.

It stands where the network stands: a request whose answer is lost *after* it has reached the service has been done.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

THROTTLE, FAIL, DROP_BEFORE, DROP_AFTER, SLOW = "throttle", "fail", "drop before", "drop after", "slow"
LIMIT = "limit"  # a quota is reached
SLOW_SECONDS = 3.0
ERRORS = {  # code and status of the service's, and of S3's
    THROTTLE: (("ThrottlingException", 400), ("SlowDown", 503)),
    FAIL: (("InternalFailure", 500), ("InternalError", 500)),
    LIMIT: (("LimitExceededException", 400), ("SlowDown", 503)),
}
#: Headers of an answer that are of one connection, or made anew.
OF_CONNECTION = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
Plan = Callable[[int, str], str | None]


def every_third() -> Plan:
    """Trouble with every third request, of each kind in turn."""
    kinds = (THROTTLE, FAIL, DROP_AFTER, DROP_BEFORE)
    return lambda number, operation: kinds[number // 3 % 4] if number % 3 == 0 else None


def lose_first_answer(*operations: str) -> Plan:
    """The first answer to each of the operations does not arrive."""
    lost: set[str] = set()

    def plan(number: int, operation: str) -> str | None:
        if operation not in operations or operation in lost:
            return None
        lost.add(operation)
        return DROP_AFTER

    return plan


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that was killed
            super().handle_error(request, client_address)


class Proxy:
    """Counts what reached the service, and what did not, by operation.

    :ivar covers_all: whether S3 and the run-time requests meet trouble too; their operation is the verb and the path
    """

    covers_all = False

    def __init__(self, target: str) -> None:
        self.reset()
        self._target = urlsplit(target)
        self._lock = threading.Lock()
        self.server = _Server(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True

    def reset(self) -> None:
        """Trouble-free, and counting from zero."""
        self.plan: Plan = lambda number, operation: None
        self.number = 0
        self.requests: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.troubles: Counter[str] = Counter()
        self.before_answer: Callable[[str], None] = lambda operation: None
        self.after_answer: Callable[[str], None] = lambda operation: None
        self.edit: Callable[[str, bytes, bytes], bytes] = lambda operation, request, answer: answer

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def next_trouble(self, operation: str) -> str | None:
        with self._lock:
            self.number += 1
            self.requests[operation] += 1
            trouble = self.plan(self.number, operation)
            if trouble:
                self.troubles[trouble] += 1
            return trouble

    def forward(
        self, handler: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=60)
        connection.request(handler.command, handler.path, body, dict(handler.headers.items()))
        answer = connection.getresponse()
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in OF_CONNECTION]
        if handler.command == "HEAD":
            headers.append(("content-length", answer.getheader("content-length") or "0"))
        content = answer.read()
        connection.close()
        return answer.status, headers, content

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                target = self.headers.get("x-amz-target", "")
                operation = target.rpartition(".")[2] or f"{self.command} {self.path.split('?')[0]}"
                trouble = proxy.next_trouble(operation) if target or proxy.covers_all else None
                if trouble == SLOW:
                    time.sleep(SLOW_SECONDS)
                if trouble in ERRORS:
                    signature = self.headers.get("authorization", "")
                    self.answer_error(trouble, is_s3="/s3/aws4_request" in signature)
                elif trouble == DROP_BEFORE:
                    self.hang_up()
                else:
                    try:
                        status, headers, content = proxy.forward(self, body)
                    except (OSError, http.client.HTTPException):  # the service is gone
                        self.hang_up()
                        return
                    if status < 300 and target:
                        proxy.done[operation] += 1
                        content = proxy.edit(operation, body, content)
                        proxy.before_answer(operation)
                    if trouble == DROP_AFTER:
                        self.hang_up()
                    else:
                        self.send(status, headers, content)
                        proxy.after_answer(operation)

            def answer_error(self, trouble: str, is_s3: bool) -> None:
                code, status = ERRORS[trouble][is_s3]
                text = "Trouble that a test asked for."
                if is_s3:
                    content = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>".encode()
                    headers = [("content-type", "application/xml")]
                else:
                    content = json.dumps({"__type": code, "message": text}).encode()
                    headers = [("content-type", "application/x-amz-json-1.1"), ("x-amzn-errortype", code)]
                self.send(status, headers, content)

            def send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                if self.command != "HEAD":
                    self.send_header("content-length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def hang_up(self) -> None:
                self.close_connection = True
                self.connection.shutdown(2)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler


@contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    made = Proxy(target)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
