"""What tests of batch jobs share: versions to ask, a product database, and the way there and back."""

from __future__ import annotations

import json
import sqlite3
from types import SimpleNamespace

import pytest

from airflow_personalize.transfers.personalize_batch_output_to_sql import PersonalizeBatchOutputToSqlOperator
from airflow_personalize.transfers.sql_to_personalize_batch_input import SqlToPersonalizeBatchInputOperator
from tests.support.operator_runs import BUCKET, Task, connection
from tests.support.personalize_service import SCHEMA
from tests.support.resources import DatasetGroupResources

COLUMNS = ("user_id",)


@pytest.fixture(scope="module")
def resources(service_address):
    """A dataset group with two versions of one solution, and no campaign."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(service_address))
        resources = DatasetGroupResources("asked", SCHEMA)
        Task("import").run(resources.import_())
        resources.solution()
        resources.versions = [
            Task("train", run_id=f"manual__{number}").run(resources.version()) for number in (1, 2)
        ]
    return resources


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """An SQLite product database with three users, one of them without an id."""
    file = tmp_path / "shop.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE people (id TEXT, age INTEGER)")
        database.executemany("INSERT INTO people VALUES (?, ?)", [("u1", 30), ("u2", 40), (None, 50)])
    database.close()
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "sqlite", "host": str(file)}))
    return lambda query: sqlite3.connect(file).execute(query).fetchall()


def write_input(sql="SELECT id AS user_id, age FROM people", **changes):
    return Task("input").run(
        SqlToPersonalizeBatchInputOperator(
            task_id="input",
            sql=sql,
            columns=COLUMNS,
            bucket=BUCKET,
            folder="asked/batch/mail",
            conn_id="shop",
            **changes,
        )
    )


def load_answers(batch_input, outlets=(), **changes):
    operator = PersonalizeBatchOutputToSqlOperator(
        task_id="answers",
        output_location=batch_input["output"],
        lines=batch_input["lines"],
        columns=COLUMNS,
        table="for_you",
        conn_id="shop",
        outlets=list(outlets),
        **changes,
    )
    events = {outlet: SimpleNamespace(extra=None) for outlet in outlets}
    return operator.execute({"outlet_events": events}), events
