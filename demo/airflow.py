"""A whole Airflow on loopback: its settings, its four processes, and the few REST calls the demo makes."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from demo.postgres import Postgres
from demo.processes import Process, wait_until
from demo.settings import REGION, ROOT, Settings

COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
USER = "admin"
READY_SECONDS = 180
DAG_SECONDS = 120


def aws_connection(settings: Settings, endpoint: str) -> str:
    """The local account as an Airflow connection, in JSON."""
    return json.dumps(
        {
            "conn_type": "aws",
            "login": settings.secrets.aws_access_key_id,
            "password": settings.secrets.aws_secret_access_key,
            "extra": {"region_name": REGION, "endpoint_url": endpoint},
        }
    )


def environment(
    settings: Settings, postgres: Postgres, *, schedules: bool = False, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The process environment of every Airflow component, connections included.

    :param schedules: whether DAGs also run by their schedules, or only when they are triggered.
    """
    folder = settings.home / "airflow"
    folder.mkdir(parents=True, exist_ok=True)
    passwords = folder / "passwords.json"
    passwords.touch(mode=0o600)
    passwords.write_text(json.dumps({USER: settings.secrets.airflow_password}))
    ports, secrets = settings.ports, settings.secrets
    sections = {
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "8",
        "CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__FERNET_KEY": secrets.fernet_key,
        "CORE__EXECUTION_API_SERVER_URL": f"{settings.airflow_url}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "DATABASE__SQL_ALCHEMY_CONN": postgres.uri("airflow", scheme="postgresql+psycopg2"),
        "API__HOST": "127.0.0.1",
        "API__PORT": str(ports.airflow),
        "API__BASE_URL": settings.airflow_url,
        "API__WORKERS": "1",
        "API__SECRET_KEY": secrets.jwt_secret,
        "API_AUTH__JWT_SECRET": secrets.jwt_secret,
        "LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        "LOGGING__WORKER_LOG_SERVER_PORT": str(ports.worker_logs),
        "LOGGING__TRIGGER_LOG_SERVER_PORT": str(ports.triggerer_logs),
        "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",  # a changed file is parsed at the next refresh
        "SCHEDULER__USE_JOB_SCHEDULE": str(schedules),
        "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
        "TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    return {
        **inherited,
        "AIRFLOW_HOME": str(folder),
        **{f"AIRFLOW__{name}": value for name, value in sections.items()},
        "AIRFLOW_CONN_PRODUCT_DB": json.dumps(postgres.airflow_connection("shop")),
        "AIRFLOW_CONN_AWS_DEFAULT": aws_connection(settings, settings.aws_endpoint),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "deploy" / "airflow"))),
        "PYTHONWARNINGS": "ignore",
        # macOS aborts forked children that touch the Objective-C runtime; LocalExecutor forks.
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
        "no_proxy": ",".join(filter(None, ("127.0.0.1,localhost", os.environ.get("no_proxy")))),
        **(extra or {}),
    }


class Airflow:
    """The running components, and a client signed in to their REST API."""

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self.settings, self.env = settings, env
        self.processes: list[Process] = []
        self.logs = settings.home / "logs"

    def start(self) -> None:
        """Migrate the metadata database and start every component; returns when all of them are healthy."""
        migration = self._spawn("migrate", "db", "migrate")
        code = migration.popen.wait()
        if code:
            migration.check()
        self.processes = [self._spawn(name, name) for name in COMPONENTS]
        wait_until(self._healthy, self.processes, READY_SECONDS, "Airflow")

    def client(self) -> AirflowClient:
        return AirflowClient(self.settings.airflow_url, USER, self.settings.secrets.airflow_password)

    def _spawn(self, name: str, *arguments: str) -> Process:
        command = [sys.executable, "-m", "airflow", *arguments]
        return Process.start(f"airflow {name}", command, self.env, self.logs / f"airflow-{name}.log", ROOT)

    def _healthy(self) -> bool:
        try:
            health = httpx.get(f"{self.settings.airflow_url}/api/v2/monitor/health", timeout=5).json()
        except (httpx.HTTPError, ValueError):
            return False
        parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        return all(health.get(part, {}).get("status") == "healthy" for part in parts)


class AirflowClient:
    """The part of Airflow's REST API that a person would click through."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=60, trust_env=False)
        answer = self.http.post("/auth/token", json={"username": user, "password": password})
        answer.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._json(self.http.get(f"/api/v2{path}", params=query))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._json(self.http.post(f"/api/v2{path}", json=body))

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._json(self.http.patch(f"/api/v2{path}", json=body))

    def import_errors(self) -> list[dict[str, Any]]:
        return list(self.get("/importErrors")["import_errors"])

    def has_dag(self, dag_id: str) -> bool:
        return self.http.get(f"/api/v2/dags/{dag_id}").status_code == 200

    def wait_for_dag(self, dag_id: str) -> None:
        """Return when Airflow has parsed the DAG.

        :raises RuntimeError: with the traceback, if a DAG file can't be imported; or after two minutes.
        """
        deadline = time.monotonic() + DAG_SECONDS
        while not self.has_dag(dag_id):
            errors = self.import_errors()
            if errors or time.monotonic() > deadline:
                traces = "\n".join(error["stack_trace"] for error in errors)
                raise RuntimeError(f"Airflow does not know the DAG {dag_id}. {traces}")
            time.sleep(0.5)

    def unpause(self, dag_id: str) -> None:
        self.patch(f"/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None, **fields: Any) -> str:
        """Start a manual run with params `conf`; returns its run id."""
        body = {"conf": dict(conf or {}), "logical_date": datetime.now(UTC).isoformat(), **fields}
        return str(self.post(f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        return self.get(f"/dags/{dag_id}/dagRuns/{run_id}")

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        instances: list[dict[str, Any]] = []
        while True:
            page = self.get(path, limit=100, offset=len(instances))
            instances += page["task_instances"]
            if not page["task_instances"] or len(instances) >= page["total_entries"]:
                return instances

    def xcom(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1, key: str = "return_value"
    ) -> Any:
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.get(path, map_index=map_index, deserialize=True)["value"]

    @staticmethod
    def _json(answer: httpx.Response) -> dict[str, Any]:
        if answer.is_error:
            raise RuntimeError(
                f"Airflow answered {answer.status_code} to {answer.request.method} {answer.request.url.path}:"
                f" {answer.text[:500]}"
            )
        return answer.json() if answer.content else {}
