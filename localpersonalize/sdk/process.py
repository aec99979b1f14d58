"""A service of one's own: a process on a free port and an empty folder, gone with what uses it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from localpersonalize.credentials import environment
from localpersonalize.protocol.sigv4 import Credentials
from localpersonalize.sdk.accounts import Account

START_SECONDS = 120.0
STOP_SECONDS = 10.0
_NOT_INHERITED = ("AWS_", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS")  # its log is read, not shown
_opener = build_opener(ProxyHandler({}))


class NotStartedError(Exception):
    """The service is not ready; the text has the end of its log."""


class ServiceProcess:
    """Started by `start` or a `with` statement. What it keeps is removed with it, unless it has a folder of yours."""

    def __init__(
        self,
        options: Sequence[str] = (),
        data_dir: Path | None = None,
        region: str = "us-east-1",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """
        :param options: more of `localpersonalize`, such as `--init FOLDER`.
        :param variables: more of its environment.
        """
        self._options, self._data_dir, self._variables = tuple(options), data_dir, dict(variables or {})
        self._temporary: Path | None = None
        self._log: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._region, self._keys = (
            region,
            Credentials("AKID" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30)),
        )
        self.port = 0

    @property
    def account(self) -> Account:
        """Endpoint and key pair."""
        endpoint = f"http://127.0.0.1:{self.port}"
        return Account(endpoint, self._keys.access_key_id, self._keys.secret_access_key, self._region)

    def start(self) -> Self:
        """Start, and wait until it is ready.

        :raises NotStartedError: if it ends, or is not ready in two minutes.
        """
        self._temporary = Path(tempfile.mkdtemp(prefix="localpersonalize-"))
        self._log, self.port = self._temporary / "log", _free_port()
        data_dir = self._data_dir or self._temporary / "data"
        command = [sys.executable, "-W", "ignore", "-m", "localpersonalize", "--port", str(self.port)]
        command += ["--data-dir", str(data_dir), "--region", self._region, *self._options]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        paths = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        own = environment(self.account.endpoint, self._keys, self._region)
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                command, env={**inherited, **paths, **own, **self._variables}, stdout=log, stderr=log
            )
        try:
            wait_until_ready(self.account.endpoint, self._has_ended, self.log)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End it, and remove its folder."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def log(self) -> str:
        """What it has said."""
        is_there = self._log is not None and self._log.exists()
        return self._log.read_text(errors="replace") if is_there and self._log else ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None


def wait_until_ready(endpoint: str, has_ended: Callable[[], bool], log: Callable[[], str]) -> None:
    """Ask `/healthz` until it says that all is well.

    :raises NotStartedError: if the service ends, or that takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    state = ""
    while not has_ended() and time.monotonic() < deadline:
        try:
            with _opener.open(f"{endpoint}/healthz", timeout=5):
                return
        except HTTPError as error:
            state = error.read().decode(errors="replace")
        except (URLError, OSError):
            pass
        time.sleep(0.05)
    raise NotStartedError(f"The service is not ready. {state}\n{log()[-5000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
