"""`docker-compose.yaml` without a container engine: each service's command, environment and health check, as processes.

What a container has of itself is put in its place: an address for a host's name, a folder for a mounted one, a host
name of its own for each, and what the image's entry point does. Everything else is the file's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import yaml

from demo.processes import Process, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yaml"
CONTAINERFILE = ROOT / "deploy" / "localpersonalize" / "Containerfile"
#: Where a service listens, by its name in the file; the scheduler's port is of its health check.
LISTENS = {
    "postgres": 5432,
    "shop": 5432,
    "redis": 6379,
    "localpersonalize": 4580,
    "api-server": 8080,
    "scheduler": 8974,
}
#: Beside other containers each has all ports to itself; beside other processes it gets one.
OWN_PORT = {
    "api-server": "AIRFLOW__API__PORT",
    "scheduler": "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT",
    "worker": "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT",
    "triggerer": "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT",
}
READY_SECONDS = 480
#: Of the real service's minutes: an import takes 8 seconds, a training 24, so that there is a middle to be killed in.
PACE = "0.01"


@dataclass(frozen=True)
class Service:
    """One service of the file, with the variables of `.env` put in."""

    name: str
    image: str
    entrypoint: list[str] | None
    command: list[str]
    environment: dict[str, str]
    healthcheck: list[str]
    depends_on: dict[str, str]


def services(env: Mapping[str, str], profiles: Sequence[str]) -> dict[str, Service]:
    """The services that `docker compose up` starts with these variables and profiles."""
    entries = yaml.safe_load(FILE.read_text())["services"]
    selected = {
        name: entry for name, entry in entries.items() if set(entry.get("profiles", profiles)) & set(profiles)
    }
    return {
        name: Service(
            name,
            entry["image"].partition(":")[0],
            entry.get("entrypoint"),
            [_interpolate(word, env) for word in entry.get("command", [])],
            _environment(entry.get("environment", {}), env),
            [_interpolate(word, env) for word in entry.get("healthcheck", {}).get("test", [])],
            {
                other: how["condition"]
                for other, how in entry.get("depends_on", {}).items()
                if other in selected
            },
        )
        for name, entry in selected.items()
    }


def _environment(section: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, str]:
    """A variable without a value is passed on where `.env` has it."""
    known = {name: env.get(name) if value is None else value for name, value in section.items()}
    return {name: _interpolate(str(value), env) for name, value in known.items() if value is not None}


def _interpolate(text: str, env: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        setting = env.get(match["name"], "")
        if not setting and match["how"] == ":?":
            raise ValueError(f"{match['name']}: {match['rest']}")
        return setting or (match["rest"] if match["how"] == ":-" else "")

    return re.sub(r"\$\$|\$\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<rest>[^}]*))?\}", value, text)


@dataclass
class Deployment:
    """The running processes of the file. `python`: the interpreter with `requirements/deploy.txt`."""

    home: Path
    python: Path
    env: Mapping[str, str]
    profiles: Sequence[str]
    running: dict[str, Process] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services = services(self.env, self.profiles)
        self.ports = {name: free_port() for name in LISTENS}
        config = self.home / "airflow" / "config"
        config.mkdir(parents=True)
        shutil.copy(ROOT / "deploy" / "airflow" / "airflow_local_settings.py", config)
        (config / "container_name.py").write_text(
            'import os\n\n\ndef hostname() -> str:\n    return os.environ["HOSTNAME"]\n'
        )

    def up(self, scale: Mapping[str, int], instead: Mapping[str, Callable[[Deployment], None]]) -> None:
        """As `docker compose up --wait --scale`: each service once what it depends on is healthy or done.

        :param instead: what is done in the place of a service
        """
        waiting = dict(self.services)
        while waiting:
            ready = [service for service in waiting.values() if not set(service.depends_on) & set(waiting)]
            assert ready, f"services wait for each other: {sorted(waiting)}"
            begun = time.monotonic()
            for service in ready:
                if service.name in instead:
                    instead[service.name](self)
                    continue
                for number in range(1, scale.get(service.name, 1) + 1):
                    self.start(service.name, f"{service.name}-{number}")
            for service in ready:
                del waiting[service.name]
                if service.healthcheck:
                    self._wait_until_healthy(service.name)
                self.seconds[service.name] = time.monotonic() - begun

    def start(self, service: str, container: str) -> Process:
        """One container of a service; one that ends by itself has to succeed before this returns."""
        about = self.services[service]
        command = [self.placed(word) for word in self._command(about, container)]
        env = self._process_env(about, container)
        process = Process.start(container, command, env, self.home / "logs" / f"{container}.log", ROOT)
        self.running[container] = process
        if not about.healthcheck:
            code = process.popen.wait(READY_SECONDS)
            assert code == 0, f"{container} ended with {code}: {process.log.read_text()[-3000:]}"
            del self.running[container]
        return process

    def workers(self) -> set[str]:
        """The host names of the workers."""
        return {name for name in self.running if name.startswith("worker-")}

    def kill(self, container: str) -> None:
        """SIGKILL for all that is in a container, at once."""
        process = self.running.pop(container)
        family = psutil.Process(process.popen.pid).children(recursive=True)
        for member in (process.popen.pid, *(child.pid for child in family)):
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        process.popen.wait()

    def restart(self, *names: str) -> None:
        """As `docker compose restart`: SIGTERM, and the same command again."""
        for name in names:
            self.running[f"{name}-1"].request_stop()
        for name in names:
            self.running.pop(f"{name}-1").ensure_stopped(time.monotonic() + 60)
            self.start(name, f"{name}-1")

    def down(self) -> None:
        """Everything at once: what is not over soon is killed, as nobody needs its state."""
        for process in self.running.values():
            process.request_stop()
        deadline = time.monotonic() + 10
        for process in self.running.values():
            process.ensure_stopped(deadline)
        self.running.clear()

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def _wait_until_healthy(self, service: str) -> None:
        containers = {name: self.running[name] for name in self.running if name.rpartition("-")[0] == service}
        for container, process in containers.items():
            healthy = partial(self._is_healthy, service, container)
            wait_until(healthy, [process], READY_SECONDS, container)

    def _is_healthy(self, service: str, container: str) -> bool:
        """The file's own health check."""
        about = self.services[service]
        kind, *test = about.healthcheck
        command = ["bash", "-c", *test] if kind == "CMD-SHELL" else test
        env = self._process_env(about, container)
        command = [self.placed(word) for word in command]
        if command[0] == "redis-cli":
            command[1:1] = ["-p", str(self.ports["redis"])]
        return subprocess.run(command, env=env, capture_output=True, timeout=60).returncode == 0

    def _command(self, service: Service, container: str) -> list[str]:
        """What the image's entry point makes of the file's command."""
        if service.entrypoint:
            return [
                str(self.python) if word == "python" else word for word in service.entrypoint
            ] + service.command
        if service.image == "encore-airflow":
            own_name = ["--celery-hostname", container] if service.name == "worker" else []
            return [str(self.python), "-m", "airflow", *service.command, *own_name]
        if service.image == "localpersonalize":
            (entrypoint,) = re.findall(r"^ENTRYPOINT (\[.*\])$", CONTAINERFILE.read_text(), flags=re.M)
            here = {"0.0.0.0": "127.0.0.1", "4580": str(self.ports["localpersonalize"])}
            arguments = [here.get(word, word) for word in json.loads(entrypoint)[1:]]
            return [sys.executable, "-m", "localpersonalize", *arguments, *service.command, "--pace", PACE]
        if service.image == "postgres":
            return self._postgres(service)
        if service.image == "redis":
            return [*service.command, "--port", str(self.ports["redis"]), "--bind", "127.0.0.1", "--save", ""]
        return service.command

    def _postgres(self, service: Service) -> list[str]:
        """As the image does it: a cluster of that user, with that database, in which only passwords count."""
        folder = self.home / service.name
        folder.mkdir(mode=0o700)
        password = folder.with_suffix(".password")
        password.write_text(service.environment["POSTGRES_PASSWORD"])
        as_user: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            as_user = ["runuser", "-u", "postgres", "--"]
            for path in (folder, password):
                shutil.chown(path, "postgres")
        user, database = service.environment["POSTGRES_USER"], service.environment["POSTGRES_DB"]
        initdb = ["initdb", "-U", user, "--auth=scram-sha-256", f"--pwfile={password}", "-D", str(folder)]
        subprocess.run([*as_user, *initdb], check=True, capture_output=True, env=_path(os.environ), cwd="/")
        create = f'CREATE DATABASE "{database}"'.encode()
        single = ["postgres", "--single", "-D", str(folder), "postgres"]
        subprocess.run(
            [*as_user, *single], input=create, check=True, capture_output=True, env=_path(os.environ), cwd="/"
        )
        listening = ["-h", "127.0.0.1", "-p", str(self.ports[service.name]), "-k", str(folder)]
        return [*as_user, "postgres", "-D", str(folder), *listening]

    def _process_env(self, service: Service, container: str) -> dict[str, str]:
        """Nothing of ours but what the file gives, and what a container has of itself."""
        own = {
            "HOME": str(self.home),
            "HOSTNAME": container,
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "ignore",
            "no_proxy": "127.0.0.1",
        }
        variables = {name: self.placed(value) for name, value in service.environment.items()}
        interpreter = self.python if service.image == "encore-airflow" else Path(sys.executable)
        if service.image == "encore-airflow":
            config = self.home / "airflow" / "config"
            own |= {
                "AIRFLOW_HOME": str(self.home / "airflow"),
                "AIRFLOW__CORE__HOSTNAME_CALLABLE": "container_name.hostname",
            }
            variables["PYTHONPATH"] = f"{variables['PYTHONPATH']}:{config}"
        if service.name in OWN_PORT:
            own[OWN_PORT[service.name]] = str(self.ports.get(service.name) or free_port())
        if service.image == "postgres":
            own |= {"PGHOST": "127.0.0.1", "PGPORT": str(self.ports[service.name])}
        if service.image == "localpersonalize":
            own["PYTHONPATH"] = str(ROOT)
        return _path({**own, **variables}, interpreter.parent)

    def placed(self, text: str) -> str:
        """The text with what the containers' network and folders are called here."""
        for host, port in LISTENS.items():
            here = f"127.0.0.1:{self.ports[host]}"
            text = text.replace(f"@{host}/", f"@{here}/").replace(f"{host}:{port}", here)
            if host not in ("postgres", "shop"):
                text = text.replace(f"127.0.0.1:{port}", here)
        text = text.replace("/var/lib/localpersonalize", str(self.home / "aws"))
        return text.replace("/opt/encore", str(ROOT)).replace("/opt/airflow", str(self.home / "airflow"))


def _path(env: Mapping[str, str], first: Path | None = None) -> dict[str, str]:
    server = Path(shutil.which("postgres") or "/usr/bin/postgres").resolve().parent
    folders = [*([str(first)] if first else []), str(server), os.environ.get("PATH", "")]
    return {**env, "PATH": os.pathsep.join(folders)}
