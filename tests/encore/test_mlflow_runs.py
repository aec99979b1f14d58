"""Versions as runs of MLflow: what is logged, once each, and never at the cost of the run of the DAG."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from encore import mlflow_runs
from encore.comparison.compare import compare
from tests.support.comparisons import lists, shop

ARN = "arn:aws:personalize:us-east-1:1:solution/you/0000000a"
LOG = logging.getLogger(__name__)


def row(**fields):
    return {
        "dataset_group": "shop",
        "run_id": "scheduled__1",
        "recorded_at": datetime(2026, 3, 1, 3, tzinfo=UTC),
        "solution": "you",
        "recipe": "aws-user-personalization-v2",
        "solution_version_arn": ARN,
        "outcome": "promoted",
        "reason": "Better.",
        "hyperparameters": json.dumps({"algorithmHyperParameters": {"bptt": "2"}}),
        "metrics": {"coverage": 0.4},
        "live_metrics": {"coverage": 0.3},
        "rows": {"interactions": 1000},
        "cost_usd": 2.5,
        **fields,
    }


class Client:
    """The part of `mlflow.MlflowClient` that is used, in memory."""

    def __init__(self):
        self.experiments, self.runs, self.files = {}, {}, {}

    def get_experiment_by_name(self, name):
        return SimpleNamespace(experiment_id=self.experiments[name]) if name in self.experiments else None

    def create_experiment(self, name):
        return self.experiments.setdefault(name, str(len(self.experiments) + 1))

    def create_run(self, experiment, start_time, tags, run_name):
        run = {"tags": dict(tags), "name": run_name, "params": {}, "metrics": {}, "start": start_time}
        return SimpleNamespace(info=SimpleNamespace(run_id=self._add(run)))

    def _add(self, run):
        self.runs[f"run{len(self.runs)}"] = run
        return f"run{len(self.runs) - 1}"

    def search_runs(self, experiments, query, max_results):
        return [
            SimpleNamespace(info=SimpleNamespace(run_id=run_id))
            for run_id, run in self.runs.items()
            if all(
                f"tags.`{tag}` = '{run['tags'][tag]}'" in query
                for tag in ("encore.solution_version", "encore.dag_run")
            )
        ]

    def log_param(self, run_id, name, value):
        assert self.runs[run_id]["params"].setdefault(name, value) == value, "a parameter can't change"

    def log_metric(self, run_id, name, value, timestamp):
        self.runs[run_id]["metrics"][name] = value

    def set_tag(self, run_id, name, value):
        self.runs[run_id]["tags"][name] = value

    def log_text(self, run_id, text, name):
        self.files[run_id, name] = text

    def set_terminated(self, run_id, status):
        self.runs[run_id]["status"] = status


@pytest.fixture
def client(monkeypatch):
    client = Client()
    monkeypatch.setattr(mlflow_runs, "client_of", lambda connection: client)
    monkeypatch.setattr(
        mlflow_runs.Connection, "get", lambda name: Connection(conn_id=name, conn_type="http")
    )
    return client


def test_a_version_is_a_run_with_parameters_metrics_comparison_and_its_picture(client):
    sample, scores = shop()
    compared = compare(sample, lists(scores), lists(scores, 1.0), metric="ndcg_at_25", confidence=0.95)
    logged = row(comparison=json.dumps(compared.as_json()))
    (run_id,) = mlflow_runs.log_versions(
        [logged], lambda: {"metrics-you": "<svg/>", "metrics-other": "<svg/>"}, LOG
    )
    run = client.runs[run_id]
    assert client.experiments == {"encore/shop": "1"}
    assert (run["name"], run["status"]) == ("you 0000000a", "FINISHED")
    assert run["params"]["algorithmHyperParameters.bptt"] == "2"
    assert run["params"]["recipe"] == "aws-user-personalization-v2"
    assert run["metrics"]["coverage"] == 0.4
    assert run["metrics"]["live/coverage"] == 0.3
    assert run["metrics"]["same users/ndcg_at_25/low"] <= run["metrics"]["same users/ndcg_at_25/difference"]
    assert run["tags"]["encore.outcome"] == "promoted"
    assert {name for _, name in client.files} == {"comparison.md", "metrics-you.svg"}
    assert "NDCG@25, by segment" in client.files[run_id, "comparison.md"]


def test_a_run_that_is_recorded_again_is_not_logged_twice(client):
    for outcome in ("failed", "promoted"):
        mlflow_runs.log_versions([row(outcome=outcome)], dict, LOG)
    (run,) = client.runs.values()
    assert (run["status"], run["tags"]["encore.outcome"]) == ("FINISHED", "promoted")
    mlflow_runs.log_versions([row(run_id="scheduled__2")], dict, LOG)
    assert len(client.runs) == 2


def test_a_solution_without_a_version_is_no_run(client):
    assert mlflow_runs.log_versions([row(solution_version_arn=None)], dict, LOG) == []
    assert not client.experiments


def test_without_the_connection_nothing_is_drawn(monkeypatch):
    def absent(name):
        raise AirflowNotFoundException(name)

    monkeypatch.setattr(mlflow_runs.Connection, "get", absent)
    assert mlflow_runs.log_versions([row()], pytest.fail, LOG) == []


def test_what_mlflow_refuses_is_logged_and_spoils_nothing(client, caplog):
    client.log_metric = lambda *arguments, **options: (_ for _ in ()).throw(RuntimeError("full"))
    assert mlflow_runs.log_versions([row()], dict, LOG) == []
    assert "MLflow has not taken" in caplog.text


def test_a_connection_without_mlflow_installed_says_what_to_install(monkeypatch, caplog):
    def missing(connection):
        raise ImportError

    monkeypatch.setattr(mlflow_runs, "client_of", missing)
    monkeypatch.setattr(
        mlflow_runs.Connection, "get", lambda name: Connection(conn_id=name, conn_type="http")
    )
    assert mlflow_runs.log_versions([row()], dict, LOG) == []
    assert "pip install mlflow-skinny" in caplog.text


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"host": "mlflow.internal", "port": 5000}, "http://mlflow.internal:5000"),
        ({"host": "mlflow.internal", "schema": "https"}, "https://mlflow.internal"),
        ({"host": "https://mlflow.internal"}, "https://mlflow.internal"),
    ],
)
def test_the_address_is_the_connections(fields, address):
    assert mlflow_runs._address(Connection(conn_id="mlflow", conn_type="http", **fields)) == address


def test_the_client_itself_takes_what_is_logged(tmp_path):
    """Where `mlflow-skinny` is installed: the real client on a file store."""
    mlflow = pytest.importorskip("mlflow")
    client = mlflow.MlflowClient(tracking_uri=f"file://{tmp_path}")
    first = mlflow_runs.log_version(client, row(), {"metrics-you": "<svg/>"})
    assert mlflow_runs.log_version(client, row(), {}) == first
    run = client.get_run(first)
    assert run.data.metrics["live/coverage"] == 0.3
    assert run.data.params["algorithmHyperParameters.bptt"] == "2"
    assert [entry.path for entry in client.list_artifacts(first)] == ["metrics-you.svg"]
