"""DAGs as Airflow's DAG processor loads them, without a metadata database and without a network."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAG_FILES = sorted((ROOT / "dags").glob("*.py"))


@pytest.fixture
def no_network(monkeypatch):
    """Any attempt to reach anything fails the test."""

    def refuse(self, address, *args):
        raise AssertionError(f"a DAG file connects to {address} when it is parsed")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


@pytest.fixture(scope="session")
def dags():
    """Every DAG of the project by its id."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(ROOT / "dags"))
    assert not bag.import_errors, bag.import_errors
    return bag.dags
