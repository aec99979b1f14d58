"""Each version as a run of MLflow, where Airflow has a connection `mlflow`: parameters, metrics, comparison, chart.

`mlflow-skinny` is not a dependency: install it beside Encore where it is wanted. What MLflow refuses is logged; a
retraining is not spoiled by it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from encore.comparison import table
from encore.comparison.compare import EVERYBODY, LIVE, Compared

CONNECTION = "mlflow"
VERSION_TAG = "encore.solution_version"
RUN_TAG = "encore.dag_run"
LONGEST_PARAMETER = 6_000  # characters; the limit of MLflow
STATES = {"failed": "FAILED"}
_REFUSED = re.compile(r"[^\w\-./ ]")  # in names of metrics
_COLUMNS = (
    "recipe",
    "training_mode",
    "import_mode",
    "as_of",
    "data_until",
    "code_version",
    "fingerprint",
    "run_type",
)
Row = Mapping[str, Any]


def log_versions(rows: Sequence[Row], draw: Callable[[], Mapping[str, str]], log: Any) -> list[str]:
    """
    Log the versions of a run; nothing where there is no connection `mlflow`.

    :param rows: of the history, those of the run
    :param draw: draws the metric of each solution's versions: SVG files, by name without its ending
    :return: ids of MLflow's runs
    """
    versions = [row for row in rows if row.get("solution_version_arn")]
    try:
        client = client_of(Connection.get(CONNECTION)) if versions else None
    except AirflowNotFoundException:
        return []
    except ImportError:
        log.warning("There is a connection %s, but no mlflow: pip install mlflow-skinny", CONNECTION)
        return []
    try:
        drawings = draw() if versions else {}
        return [log_version(client, row, drawings) for row in versions]
    except Exception:
        log.exception("MLflow has not taken the versions of this run.")
        return []


def client_of(connection: Any) -> Any:
    """
    MLflow's client, by the host of the connection (or `tracking_uri` in its extra), its login and its password.

    :raises ImportError: without `mlflow-skinny`
    """
    from mlflow import MlflowClient

    if connection.login:
        os.environ["MLFLOW_TRACKING_USERNAME"] = connection.login
        os.environ["MLFLOW_TRACKING_PASSWORD"] = connection.password or ""
    return MlflowClient(tracking_uri=connection.extra_dejson.get("tracking_uri") or _address(connection))


def log_version(client: Any, row: Row, drawings: Mapping[str, str]) -> str:
    """One version as a run; that of a version which was logged before in the same run of the DAG is written again.

    :param client: `mlflow.MlflowClient`
    """
    experiment = _experiment(client, f"encore/{row['dataset_group']}")
    run_id = _run(client, experiment, row)
    stamp = int(_moment(row).timestamp() * 1000)
    for name, value in parameters(row).items():
        client.log_param(run_id, _REFUSED.sub("_", name), value[:LONGEST_PARAMETER])
    for name, value in tags(row).items():
        client.set_tag(run_id, name, value)
    for name, figure in metrics(row).items():
        client.log_metric(run_id, _REFUSED.sub("_", name), figure, timestamp=stamp)
    if row.get("comparison"):
        compared = Compared.from_json(json.loads(row["comparison"]))
        client.log_text(run_id, str(table.as_document(compared)["markdown"]), "comparison.md")
    if drawing := drawings.get(f"metrics-{row['solution']}"):
        client.log_text(run_id, drawing, f"metrics-{row['solution']}.svg")
    client.set_terminated(run_id, STATES.get(row["outcome"], "FINISHED"))
    return run_id


def parameters(row: Row) -> dict[str, str]:
    """What the version was made with."""
    hyperparameters = json.loads(row.get("hyperparameters") or "{}")
    values = {name: row.get(name) for name in _COLUMNS} | dict(_flat(hyperparameters))
    return {name: str(value) for name, value in values.items() if value not in (None, "")}


def tags(row: Row) -> dict[str, str]:
    """What became of it, which may change where a task is cleared."""
    values = {"outcome": row["outcome"], "reason": row.get("reason"), "live": row.get("live_version_arn")}
    return {f"encore.{name}": str(value) for name, value in values.items() if value}


def metrics(row: Row) -> dict[str, float]:
    """The service's metrics, those it was compared with, rows, hours and cost, and the comparison on the same users."""
    values: dict[str, float] = dict(row.get("metrics") or {})
    values |= {f"live/{name}": value for name, value in (row.get("live_metrics") or {}).items()}
    values |= {f"popularity/{name}": value for name, value in (row.get("popularity_metrics") or {}).items()}
    values |= {f"rows/{name}": float(value) for name, value in (row.get("rows") or {}).items()}
    values |= {name: row[name] for name in ("training_hours", "cost_usd") if row.get(name) is not None}
    if row.get("comparison"):
        for line in Compared.from_json(json.loads(row["comparison"])).lines:
            if line.segment == EVERYBODY:
                values |= {f"same users/{line.metric}/{name}": mean for name, mean in line.means.items()}
                if interval := line.intervals.get(LIVE):
                    values[f"same users/{line.metric}/difference"] = interval.difference
                    values[f"same users/{line.metric}/low"] = interval.low
                    values[f"same users/{line.metric}/high"] = interval.high
    return values


def _experiment(client: Any, name: str) -> str:
    known = client.get_experiment_by_name(name)
    return str(known.experiment_id if known else client.create_experiment(name))


def _run(client: Any, experiment: str, row: Row) -> str:
    arn, dag_run = row["solution_version_arn"], row["run_id"]
    known = client.search_runs(
        [experiment], f"tags.`{VERSION_TAG}` = '{arn}' AND tags.`{RUN_TAG}` = '{dag_run}'", max_results=1
    )
    if known:
        return str(known[0].info.run_id)
    name = f"{row['solution']} {arn.split('/')[-1]}"
    identity = {VERSION_TAG: arn, RUN_TAG: dag_run, "encore.dataset_group": row["dataset_group"]}
    start = int(_moment(row).timestamp() * 1000)
    return str(client.create_run(experiment, start_time=start, tags=identity, run_name=name).info.run_id)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _address(connection: Any) -> str:
    host = str(connection.host or "")
    if "://" not in host:
        host = f"{connection.schema or 'http'}://{host}"
    return f"{host}:{connection.port}" if connection.port else host


def _moment(row: Row) -> datetime:
    moment: datetime = row["recorded_at"]
    return moment
