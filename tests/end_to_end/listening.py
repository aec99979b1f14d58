"""A Slack that only listens."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Slack:
    """An incoming webhook on loopback that keeps what it is sent."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        heard = self._heard

        class Webhook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)

    def __enter__(self) -> Slack:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """The connection of Airflow's notifier."""
        url = f"http://127.0.0.1:{self._server.server_port}/services/T/B/x"
        return {
            "AIRFLOW_CONN_SLACK_WEBHOOK_DEFAULT": json.dumps({"conn_type": "slackwebhook", "password": url})
        }

    def messages(self, number: int, seconds: float = 60) -> list[str]:
        """What was sent, once it is so many messages."""
        deadline = time.monotonic() + seconds
        while len(self._heard) < number:
            assert time.monotonic() < deadline, self._heard
            time.sleep(0.2)
        return list(self._heard)
