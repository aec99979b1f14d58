"""`docker-compose.yaml` in a container engine, under the interface that `tests.support.compose` has for processes.

What a test needs besides the file stands in a second one that is merged with it: an address for the service, its pace,
a smaller shop, and host names by which a task's container is known again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from demo.processes import free_port
from demo.shop import ShopSize
from tests.support.compose import FILE, PACE, ROOT, services

ENGINES = ("docker", "podman")
#: A program that takes longer to say how it is has no engine behind it.
ANSWER_SECONDS = 30.0
#: Images are built first.
UP_SECONDS = 1_800
#: As long is a container's name for itself, which is the beginning of its id.
HOST_NAME = 12
FILL_SHOP = """
import sys
from demo.product_database import load
from demo.shop import ShopSize, generate
load(sys.argv[1], generate({size!r}, seed=3), "a small shop")
"""


def engine() -> str | None:
    """The program of a container engine that answers and has compose; None where there is none."""
    return next(
        (name for name in ENGINES if _succeeds(name, "info") and _succeeds(name, "compose", "version")), None
    )


def _succeeds(name: str, *arguments: str) -> bool:
    if shutil.which(name) is None:
        return False
    with suppress(subprocess.TimeoutExpired):
        return subprocess.run([name, *arguments], capture_output=True, timeout=ANSWER_SECONDS).returncode == 0
    return False


@dataclass
class EngineDeployment:
    """The running containers of the file.

    :param program: of the engine
    :param home: where the files for compose are put
    :param env: of `.env`
    """

    program: str
    home: Path
    env: Mapping[str, str]
    profiles: Sequence[str]
    shop: ShopSize
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ports = {name: free_port() for name in ("api-server", "localpersonalize")}
        self.env = {**self.env, "AIRFLOW_PORT": str(self.ports["api-server"])}
        self.project = f"encore-{self.home.name.lower()}"
        (self.home / "env").write_text("".join(f"{name}={value}\n" for name, value in self.env.items()))
        (self.home / "test.yaml").write_text(yaml.safe_dump(self.override()))

    def override(self) -> dict[str, Any]:
        """What the test changes of the file."""
        shipped = services(self.env, self.profiles)
        host_name = {"environment": {"AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname"}}
        return {
            "services": {
                "localpersonalize": {
                    "ports": [f"127.0.0.1:{self.ports['localpersonalize']}:4580"],
                    "command": [*shipped["localpersonalize"].command, "--pace", PACE],
                },
                "shop-data": {
                    "command": [
                        "python",
                        "-c",
                        FILL_SHOP.format(size=self.shop),
                        shipped["shop-data"].command[-1],
                    ],
                },
                "worker": host_name,
            }
        }

    def up(self, scale: Mapping[str, int]) -> None:
        scales = [word for name, number in scale.items() for word in ("--scale", f"{name}={number}")]
        begun = time.monotonic()
        try:
            self._compose("up", "--build", "--detach", "--wait", *scales, timeout=UP_SECONDS)
        except subprocess.CalledProcessError as error:
            raise AssertionError(f"{error.stderr}\n{self._logs()}") from error
        self.seconds["up"] = time.monotonic() - begun

    def workers(self) -> set[str]:
        """The host names of the workers."""
        return {line[:HOST_NAME] for line in self._compose("ps", "--quiet", "worker").split()}

    def kill(self, container: str) -> None:
        """SIGKILL for all that is in a container, at once; the engine takes it for somebody's wish and lets it lie."""
        self._run(self.program, "kill", "--signal", "KILL", container)

    def start(self, service: str, container: str) -> None:
        """The same container again."""
        self._run(self.program, "start", container)

    def restart(self, *names: str) -> None:
        self._compose("restart", *names)

    def down(self) -> None:
        """Everything but the images, which the next time is built on."""
        self._compose("down", "--volumes", "--remove-orphans", "--timeout", "10")

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def _compose(self, *arguments: str, timeout: float = 300) -> str:
        files = [word for file in (FILE, self.home / "test.yaml") for word in ("--file", str(file))]
        profiles = [word for name in self.profiles for word in ("--profile", name)]
        own = [
            "--project-name",
            self.project,
            "--project-directory",
            str(ROOT),
            "--env-file",
            str(self.home / "env"),
        ]
        return self._run(self.program, "compose", *own, *files, *profiles, *arguments, timeout=timeout)

    def _run(self, *command: str, timeout: float = 300) -> str:
        """What a command says; variables of ours don't count before those of `.env`, as they would."""
        env = {
            name: value
            for name, value in os.environ.items()
            if name not in self.env and not name.startswith(("AIRFLOW", "AWS_", "COMPOSE_"))
        }
        answer = subprocess.run(command, check=True, capture_output=True, text=True, env=env, timeout=timeout)
        return answer.stdout

    def _logs(self) -> str:
        return self._compose("logs", "--no-color", "--tail", "30")
