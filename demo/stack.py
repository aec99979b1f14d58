"""The whole stack on one machine: PostgreSQL, `localpersonalize` and Airflow, started and stopped as one.

One process owns a running stack and holds the lock file of its home folder; `running` asks that lock, so a
stack whose owner was killed is seen as stopped, and the next start or `sweep` ends what it left behind.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from demo import local_aws
from demo.airflow import Airflow, AirflowClient, environment
from demo.postgres import Postgres
from demo.processes import STOP_SECONDS, Process
from demo.settings import Settings
from encore.config import load_pipeline

Report = Callable[[str], None]


class AlreadyRunningError(RuntimeError):
    """Another process owns the stack of this home folder."""


class Stack:
    """Owns every process of the stack between `start` and `stop`."""

    def __init__(
        self,
        settings: Settings,
        *,
        schedules: bool = False,
        airflow_env: Mapping[str, str] | None = None,
        aws_arguments: tuple[str, ...] = (),
        aws_env: Mapping[str, str] | None = None,
    ) -> None:
        self.settings = settings
        self.postgres = Postgres(settings.home / "pg")
        self._schedules, self._airflow_env = schedules, airflow_env
        self._aws_arguments, self._aws_env = aws_arguments, aws_env
        self._lock: IO[str] | None = None
        self.aws: Process | None = None
        self.airflow: Airflow | None = None

    @property
    def processes(self) -> list[Process]:
        """What runs, the last started first; PostgreSQL looks after itself."""
        return [*(self.airflow.processes if self.airflow else []), *([self.aws] if self.aws else [])]

    def start(self, report: Report = lambda _: None) -> Stack:
        """Start everything; on any failure stop what was started.

        :raises AlreadyRunningError: if the stack of this home folder runs already.
        """
        self._lock = _take_lock(self.settings.home)
        self._lock.truncate(0)
        print(os.getpid(), file=self._lock, flush=True)
        sweep(self.settings.home)
        try:
            self.start_servers(report)
            report("Starting Airflow (scheduler, DAG processor, triggerer, API server)")
            env = environment(
                self.settings, self.postgres, schedules=self._schedules, extra=self._airflow_env
            )
            self.airflow = Airflow(self.settings, env)
            self.airflow.start()
            self._record()
        except BaseException:
            self.stop()
            raise
        return self

    def start_servers(self, report: Report = lambda _: None) -> None:
        """PostgreSQL and the local AWS endpoint, with the bucket and role that the pipeline names."""
        report("Starting PostgreSQL")
        self.postgres.start()
        report("Starting the local AWS endpoint")
        self.start_aws()
        self._record()
        pipeline = self._airflow_env.get("ENCORE_PIPELINE") if self._airflow_env else None
        for group in load_pipeline(pipeline).dataset_groups:
            local_aws.prepare_account(self.settings, group.bucket, group.role)

    def start_aws(self) -> None:
        """The local AWS endpoint; once more, where it has ended."""
        self.aws = local_aws.start(self.settings, self._aws_arguments, self._aws_env)

    def stop(self) -> None:
        """Stop whatever runs, the last started first."""
        for process in self.processes:
            process.request_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.processes:
            process.ensure_stopped(deadline)
        self.postgres.stop()
        self.aws = self.airflow = None
        if self._lock:
            with suppress(FileNotFoundError):
                _processes_file(self.settings.home).unlink()
            self._lock.close()
            self._lock = None

    def check(self) -> None:
        """
        :raises ProcessDiedError: if a part of the stack has ended.
        """
        for process in self.processes:
            process.check()

    def client(self) -> AirflowClient:
        assert self.airflow is not None, "the stack is not started"
        return self.airflow.client()

    def _record(self) -> None:
        """Write down what runs, for `sweep`."""
        pids = [process.popen.pid for process in self.processes]
        born = {pid: psutil.Process(pid).create_time() for pid in pids}
        _processes_file(self.settings.home).write_text(json.dumps(born))


def running(home: Path) -> bool:
    """Whether a process owns the stack of `home`."""
    try:
        _take_lock(home).close()
    except AlreadyRunningError:
        return True
    return False


def request_stop(home: Path) -> None:
    """Tell the process that owns the stack of `home`, if one does, to stop it."""
    owner = (home / "lock").read_text().strip()
    if running(home) and owner:
        with suppress(ProcessLookupError):
            os.kill(int(owner), signal.SIGTERM)


def sweep(home: Path) -> None:
    """End what the killed owner of a stack left running."""
    file = _processes_file(home)
    if not file.exists():
        return
    for pid, born in json.loads(file.read_text()).items():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if psutil.Process(int(pid)).create_time() == born:
                os.killpg(int(pid), 9)
    file.unlink()


def attach(settings: Settings) -> tuple[Postgres, AirflowClient]:
    """The database and the Airflow of a stack that another process owns."""
    postgres = Postgres(settings.home / "pg").start()  # attaches: the server runs
    client = AirflowClient(settings.airflow_url, "admin", settings.secrets.airflow_password)
    return postgres, client


def _processes_file(home: Path) -> Path:
    return home / "processes.json"


def _take_lock(home: Path) -> IO[str]:
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise AlreadyRunningError(f"A stack already runs in {home}; `make down` stops it.") from None
    return lock
