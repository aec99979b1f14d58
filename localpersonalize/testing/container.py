"""A service for a `with` statement, used as containers of testcontainers-python are.

Without an image it is a process of this Python, which starts in two seconds; with one a container of Docker or Podman.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
from types import TracebackType
from typing import Any, Protocol, Self

from localpersonalize.sdk.accounts import Account
from localpersonalize.sdk.dataset_groups import DatasetGroup
from localpersonalize.sdk.process import NotStartedError, ServiceProcess, wait_until_ready

PORT = 4580
"""Where the service listens in a container."""

ENGINES = ("docker", "podman")


class _Running(Protocol):
    @property
    def account(self) -> Account: ...

    def stop(self) -> None: ...

    def log(self) -> str: ...


class LocalPersonalizeContainer:
    """
    with LocalPersonalizeContainer() as personalize:
        personalize.get_client("personalize").list_recipes()
    """

    def __init__(self, image: str | None = None, region_name: str = "us-east-1") -> None:
        """
        :param image: one that is made of this package's Containerfile; a process without.
        """
        self._image, self._region = image, region_name
        self._variables: dict[str, str] = {}
        self._options: list[str] = []
        self._running: _Running | None = None

    def with_env(self, key: str, value: str) -> Self:
        """One more variable of the environment."""
        self._variables[key] = value
        return self

    def with_options(self, *options: str) -> Self:
        """More options of `localpersonalize`, such as `--pace 0.01`."""
        self._options += options
        return self

    def start(self) -> Self:
        """Start, and wait until it is ready.

        :raises NotStartedError: if it does not become ready, or there is no engine for the image.
        """
        if self._image is None:
            process = ServiceProcess(
                ["--any-credentials", *self._options], None, self._region, self._variables
            )
            self._running = process.start()
        else:
            self._running = _Container(self._image, self._region, self._options, self._variables)
        return self

    def stop(self) -> None:
        """End it; what it kept is gone."""
        if self._running is not None:
            self._running.stop()
            self._running = None

    @property
    def account(self) -> Account:
        """Endpoint and key pair; saves, loads and resets."""
        return self._require().account

    def get_url(self) -> str:
        """The endpoint for all services."""
        return self.account.endpoint

    def get_client(self, name: str, **options: Any) -> Any:
        """A boto3 client.

        :param options: of `boto3.client`, instead of those that call this service.
        """
        return self.account.client(name, **options)

    client = get_client

    def group(self, name: str = "group", domain: str | None = None) -> DatasetGroup:
        """A dataset group, to import into and to train in."""
        return DatasetGroup(self.account, name, domain)

    def get_container_host_ip(self) -> str:
        """Where its port is published."""
        return "127.0.0.1"

    def get_exposed_port(self, port: int = PORT) -> int:
        """
        :raises ValueError: for another port than the service's.
        """
        if port != PORT:
            raise ValueError(f"Port {port} is not exposed; {PORT} is.")
        return int(self.get_url().rpartition(":")[2])

    def get_logs(self) -> tuple[bytes, bytes]:
        """What it has said on standard output and on standard error, which are one."""
        return self._require().log().encode(), b""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _require(self) -> _Running:
        if self._running is None:
            raise NotStartedError("The service was not started.")
        return self._running


class _Container:
    """A container of an engine's command, its port published on this machine alone."""

    def __init__(self, image: str, region: str, options: list[str], variables: dict[str, str]) -> None:
        engine = next(filter(None, map(shutil.which, ENGINES)), None)
        if engine is None:
            raise NotStartedError(
                f"There is neither {' nor '.join(ENGINES)} to run {image}. Leave the image out."
            )
        self._engine, self._id = engine, ""
        keys = {"AWS_ACCESS_KEY_ID": "AKID" + secrets.token_hex(8).upper()}
        keys["AWS_SECRET_ACCESS_KEY"] = secrets.token_urlsafe(30)
        settings = [part for item in {**keys, **variables}.items() for part in ("--env", "=".join(item))]
        published = ["--publish", f"127.0.0.1::{PORT}"]
        own = ["--region", region, "--any-credentials-on-network", *options]
        self._id = self._run("run", "--detach", *published, *settings, image, *own)
        try:
            port = self._run("port", self._id, str(PORT)).splitlines()[0].rpartition(":")[2]
            endpoint = f"http://127.0.0.1:{port}"
            self.account = Account(endpoint, keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region)
            wait_until_ready(endpoint, self._has_ended, self.log)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self._run("rm", "--force", "--volumes", self._id)

    def log(self) -> str:
        done = subprocess.run(
            [self._engine, "logs", self._id], capture_output=True, text=True, errors="replace"
        )
        return done.stdout + done.stderr

    def _has_ended(self) -> bool:
        return self._run("inspect", "--format", "{{.State.Running}}", self._id) != "true"

    def _run(self, *arguments: str) -> str:
        """
        :raises NotStartedError: with what the engine says, if it refuses.
        """
        done = subprocess.run([self._engine, *arguments], capture_output=True, text=True)
        if done.returncode:
            raise NotStartedError(f"{self._engine} {arguments[0]}: {done.stderr.strip()}")
        return done.stdout.strip()
