"""DAGs as Airflow's DAG processor loads them, without a metadata database and without a network."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import yaml
from airflow.sdk import BaseHook, Connection, Variable

from encore.config import PIPELINE_FILE

ROOT = Path(__file__).resolve().parents[2]
DAG_FILES = sorted((ROOT / "dags").glob("*.py"))


@pytest.fixture
def nothing_answers(monkeypatch):
    """Any attempt to reach anything fails the test, be it by the network or by asking Airflow; none is forgiven."""
    attempts: list[str] = []

    def refusal(what):
        def fail(*arguments, **options):
            attempts.append(f"{what}{arguments}")
            raise RuntimeError(f"{what}: nothing answers while a DAG file is parsed")

        return fail

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refusal(name))
    for cls, names in {
        Variable: ("get", "set", "keys"),
        Connection: ("get",),
        BaseHook: ("get_connection",),
    }.items():
        for name in names:
            monkeypatch.setattr(cls, name, refusal(f"{cls.__name__}.{name}"), raising=False)
    yield
    assert attempts == []


def load_dags(folder: Path = ROOT / "dags"):
    """Every DAG of a folder or file by its id, under the pipeline file that the environment names."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(folder))
    assert not bag.import_errors, bag.import_errors
    return bag.dags


@pytest.fixture(scope="session")
def dags():
    """Every DAG of the project by its id."""
    return load_dags()


@pytest.fixture
def dags_of(tmp_path, monkeypatch):
    """The DAGs of another pipeline file: the project's own, as a function has changed its list of groups."""

    def loaded(change, folder: Path = ROOT / "dags"):
        content = yaml.safe_load(PIPELINE_FILE.read_text())
        change(content["dataset_groups"])
        file = tmp_path / "pipeline.yaml"
        file.write_text(yaml.safe_dump(content))
        monkeypatch.setenv("ENCORE_PIPELINE", str(file))
        return load_dags(folder)

    return loaded
