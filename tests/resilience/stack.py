"""A whole stack whose parts can be taken from under it: two workers, a product database of its own, a faulty network.

The Celery executor with two workers where the system has a redis-server, else the LocalExecutor: then killing a worker
is killing the processes of running tasks.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml

from demo import local_aws
from demo.airflow import READY_SECONDS, aws_connection
from demo.postgres import Postgres
from demo.processes import Process, free_port, wait_until
from demo.settings import ROOT, Settings
from demo.stack import Stack
from tests.end_to_end.listening import Slack
from tests.end_to_end.pipeline_stack import PipelineStack, short_folder
from tests.support.faulty_proxy import Proxy, proxy
from tests.support.shifted_clock import ShiftedClock, can_be_shifted
from tests.support.small_disk import Disk, small_disk

DISK_BYTES = 512 << 20
WORKERS = ("worker-1", "worker-2")
ANSWER_SECONDS = 300  # on a machine with other work the API server may stand still for more than a minute
#: Seconds: of what a deployment gives minutes, since a day here has half a minute.
COMPRESSED = {
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
    "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "30",
    "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "SCHEDULER__TASK_QUEUED_TIMEOUT": "60",  # what a killed worker had taken from Redis, and not begun
    "SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "20",
    "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
    "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
}


class ResilienceStack(PipelineStack):
    """The stack, with the handles of its processes.

    :param product: the server of the product database: Airflow's own is another
    :param network: stands between Airflow and the service with S3; the test itself asks the service directly
    :param clocks: those of `service` and `workers`, where there is a compiler to make them
    """

    def __init__(
        self,
        stack: Stack,
        file: Path,
        product: Postgres,
        network: Proxy,
        slack: Slack,
        disk: Disk,
        clocks: Mapping[str, ShiftedClock],
    ) -> None:
        super().__init__(stack, file)
        self.airflow.http.timeout = httpx.Timeout(ANSWER_SECONDS)
        self.product, self.network, self.slack, self._disk = product, network, slack, disk
        self.clocks = clocks
        self.database = product.uri("shop")
        self.workers: dict[str, Process] = {}
        self.disk_is_full = False

    @property
    def has_celery(self) -> bool:
        return bool(self.workers)

    def behind_the_network(self, service: str) -> Any:
        """A client whose requests meet what those of Airflow meet."""
        return local_aws.client(self.settings, service, self.network.address)

    def component(self, name: str) -> Process:
        """A process of Airflow, e.g. `scheduler` or `worker-1`."""
        if name in self.workers:
            return self.workers[name]
        return next(process for process in self._components if process.name == f"airflow {name}")

    def kill(self, name: str) -> None:
        """SIGKILL for a component and all that it has started, at once; it is started again."""
        process = self.component(name)
        kill_family(process)
        started = self.start_component(name)
        self.replace(process, started)
        if name == "api-server":  # the test itself asks it
            wait_until(self._is_answering, [started], READY_SECONDS, name)

    def kill_service(self) -> None:
        """SIGKILL for localpersonalize; it is started again."""
        self.stop_service()
        self.stack.start_aws()

    def stop_service(self) -> None:
        assert self.stack.aws is not None
        kill_family(self.stack.aws)

    def worker(self, number: int) -> Process:
        """A worker; with the LocalExecutor there is one, the scheduler with its children."""
        return self.workers[WORKERS[number]] if self.workers else self.component("scheduler")

    def kill_worker(self, number: int) -> None:
        """SIGKILL for a worker and its tasks; with the LocalExecutor, for all that the scheduler has started."""
        if self.workers:
            self.kill(WORKERS[number])
            return
        for child in psutil.Process(self.component("scheduler").popen.pid).children(recursive=True):
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)

    def fill_disk(self) -> None:
        """Leave no room on the disk of the service."""
        self._disk.fill(self._service_pid)
        self.disk_is_full = True

    def free_disk(self) -> None:
        self._disk.free(self._service_pid)
        self.disk_is_full = False

    @property
    def _service_pid(self) -> int:
        assert self.stack.aws is not None
        return self.stack.aws.popen.pid

    def start_component(self, name: str, label: str | None = None) -> Process:
        """Start one more process of Airflow."""
        assert self.stack.airflow is not None
        command, env = [name], dict(self.stack.airflow.env)
        if name in WORKERS:
            command = ["celery", "worker", "--celery-hostname", name, "--without-gossip", "--skip-serve-logs"]
            env |= self.clocks["workers"].environment if self.clocks else {}
        log = self.settings.home / "logs" / f"airflow-{label or name}.log"
        return Process.start(
            f"airflow {label or name}", [sys.executable, "-m", "airflow", *command], env, log, ROOT
        )

    def add_component(self, name: str, label: str) -> Process:
        """One more of a kind, which is watched and stopped with the others."""
        process = self.start_component(name, label)
        self._components.append(process)
        return process

    def remove_component(self, process: Process) -> None:
        """SIGKILL for one that was added."""
        self._components.remove(process)
        kill_family(process)

    def _is_answering(self) -> bool:
        try:
            return bool(self.airflow.get("/monitor/health"))
        except (httpx.HTTPError, RuntimeError):
            return False

    def replace(self, old: Process, new: Process) -> None:
        """Let another process stand for one that has ended, so that it is watched and stopped with the others."""
        if new.name.removeprefix("airflow ") in self.workers:
            self.workers[new.name.removeprefix("airflow ")] = new
        self._components[self._components.index(old)] = new

    def start_workers(self) -> None:
        self.workers = {name: self.start_component(name) for name in WORKERS}
        self._components.extend(self.workers.values())

    @property
    def _components(self) -> list[Process]:
        assert self.stack.airflow is not None
        return self.stack.airflow.processes


def kill_family(process: Process) -> None:
    """SIGKILL for a process and all that it has started."""
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.popen.pid).children(recursive=True)
        for member in (process.popen.pid, *(child.pid for child in family)):
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
    process.popen.wait()


@contextmanager
def running_stack(pipeline: Mapping[str, Any]) -> Iterator[ResilienceStack]:
    """A stack with an empty product database."""
    with short_folder() as folder, Slack() as slack:
        home = Path(folder).resolve()
        settings = Settings.load(home)
        file = home / "pipeline.yaml"
        file.write_text(yaml.safe_dump(pipeline))
        product = Postgres(home / "product").start()
        redis = _start_redis(home) if shutil.which("redis-server") else None
        with proxy(settings.aws_endpoint) as network, small_disk(home / "aws", DISK_BYTES) as disk:
            network.covers_all = True
            own_clocks = ("service", "workers") if redis else ("service",)
            clocks = {name: ShiftedClock(home / "clocks" / name) for name in own_clocks if can_be_shifted()}
            stack = Stack(
                settings,
                airflow_env=_environment(settings, file, product, network, slack, redis),
                aws_env=clocks["service"].environment if clocks else None,
            )
            try:
                stack.start()
                running = ResilienceStack(stack, file, product, network, slack, disk, clocks)
                if redis:
                    running.start_workers()
                yield running
            finally:
                stack.stop()
                product.stop()
                if redis:
                    redis[0].request_stop()
                    redis[0].ensure_stopped()


def _start_redis(home: Path) -> tuple[Process, int]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(home)]
    process = Process.start("redis", command, dict(os.environ), home / "logs" / "redis.log", home)
    ready = lambda: b"Ready to accept" in process.log.read_bytes()  # noqa: E731
    wait_until(ready, [process], 30, "redis")
    return process, port


def _environment(
    settings: Settings,
    file: Path,
    product: Postgres,
    network: Proxy,
    slack: Slack,
    redis: tuple[Process, int] | None,
) -> dict[str, str]:
    sections = dict(COMPRESSED)
    if redis:
        sections |= {
            "CORE__EXECUTOR": "CeleryExecutor",
            "CELERY__BROKER_URL": f"redis://127.0.0.1:{redis[1]}/0",
            "CELERY__RESULT_BACKEND": f"redis://127.0.0.1:{redis[1]}/1",
            "CELERY__WORKER_CONCURRENCY": "2",
            "CELERY__SYNC_PARALLELISM": "1",
        }
    return {
        "ENCORE_PIPELINE": str(file),
        "AIRFLOW_CONN_PRODUCT_DB": json.dumps(product.airflow_connection("shop")),
        "AIRFLOW_CONN_AWS_DEFAULT": aws_connection(settings, network.address),
        **slack.environment,
        **{f"AIRFLOW__{name}": value for name, value in sections.items()},
    }
