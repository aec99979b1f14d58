"""Running operators without a scheduler: a context, the deferrals it leads to, and a service that answers."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow.sdk.exceptions import TaskDeferred

ROOT = Path(__file__).resolve().parents[2]
KEY, SECRET, REGION = "AKIAENCORETEST", "not-a-secret-of-anyone", "us-east-1"
BUCKET, ROLE = "encore-blocks", "EncoreTestRole"
RUN_ID = "scheduled__2026-03-01T03:00:00+00:00"


class StateStore(dict):
    """The task state store, as far as operators use it."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


class Task:
    """One task instance of one run through all its tries."""

    def __init__(self, task_id: str = "train", map_index: int = -1, run_id: str = RUN_ID) -> None:
        self.store = StateStore()
        self.xcoms: dict[str, Any] = {}
        self.deferrals = 0
        self.ti = SimpleNamespace(
            dag_id="retrain",
            run_id=run_id,
            task_id=task_id,
            map_index=map_index,
            try_number=0,
            max_tries=0,
            xcom_push=lambda key, value: self.xcoms.__setitem__(key, value),
        )

    @property
    def context(self) -> Any:
        run = SimpleNamespace(
            run_after=datetime(2026, 3, 1, 3, tzinfo=UTC), run_type="manual", bundle_version=None
        )
        return {"ti": self.ti, "task_state_store": self.store, "dag_run": run}

    def clear(self) -> None:
        """What a person's click on Clear does."""
        self.ti.max_tries = self.ti.try_number

    def run(self, operator: Any) -> Any:
        """One try, with every deferred wait."""
        self.ti.try_number += 1
        method, arguments = operator.execute, {}
        while True:
            try:
                return method(self.context, **arguments)
            except TaskDeferred as deferred:
                self.deferrals += 1
                event = first_event(deferred.trigger)
                method, arguments = getattr(operator, deferred.method_name), {"event": event}


def first_event(trigger: Any) -> dict[str, Any]:
    """The payload of a trigger's event; the trigger goes through its serialised form, as in Airflow."""
    _, arguments = trigger.serialize()

    async def wait() -> Any:
        return await anext(type(trigger)(**arguments).run())

    return asyncio.run(wait()).payload


@contextmanager
def local_service(folder: Path, *arguments: str) -> Iterator[str]:
    """The address of a `localpersonalize` of our own."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "localpersonalize",
                "--port",
                str(port),
                "--data-dir",
                str(folder),
                *arguments,
            ],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env={**os.environ, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET},
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_it_answers(address, process, folder / "log")
        yield address
    finally:
        process.terminate()
        process.wait(20)


def wait_until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            opener.open(f"{address}/healthz", timeout=5).close()
            return
        except OSError:
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def connection(address: str) -> str:
    """The `aws_default` connection for a service at this address."""
    return json.dumps(
        {
            "conn_type": "aws",
            "login": KEY,
            "password": SECRET,
            "extra": {"region_name": REGION, "endpoint_url": address},
        }
    )
