"""A batch job from the product database and back into it, against a real service."""

from __future__ import annotations

import json
import sqlite3
from types import SimpleNamespace

import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.batch_inference_job import PersonalizeCreateBatchInferenceJobOperator
from airflow_personalize.transfers.personalize_batch_output_to_sql import PersonalizeBatchOutputToSqlOperator
from airflow_personalize.transfers.sql_to_personalize_batch_input import SqlToPersonalizeBatchInputOperator
from encore.operators.batch_dry_run import PersonalizeBatchDryRunOperator
from encore.operators.select_batch_version import NothingToAskError, choose
from tests.support.operator_runs import BUCKET, ROLE, Task, connection
from tests.support.personalize_service import SCHEMA
from tests.support.resources import WAIT, Night

COLUMNS = ("user_id",)


@pytest.fixture(scope="module")
def night(service_address):
    """A dataset group with two versions of one solution, and no campaign."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(service_address))
        night = Night("asked", SCHEMA)
        Task("import").run(night.import_())
        night.solution()
        night.versions = [Task("train", run_id=f"manual__{number}").run(night.version()) for number in (1, 2)]
    return night


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


def ask(sql="SELECT id AS user_id, age FROM people", **changes):
    return Task("input").run(SqlToPersonalizeBatchInputOperator(
        task_id="input", sql=sql, columns=COLUMNS, bucket=BUCKET, folder="asked/batch/mail", conn_id="shop", **changes,
    ))  # fmt: skip


def take(asked, outlets=(), task=None, **changes):
    operator = PersonalizeBatchOutputToSqlOperator(
        task_id="answers", output_location=asked["output"], lines=asked["lines"], columns=COLUMNS, table="for_you",
        conn_id="shop", outlets=list(outlets), **changes,
    )  # fmt: skip
    events = {outlet: SimpleNamespace(extra=None) for outlet in outlets}
    return operator.execute({"outlet_events": events}), events


def test_users_of_the_database_get_their_recommendations_as_rows(service, night, shop):
    asked = ask()
    assert (asked["lines"], asked["skipped"]) == (2, 1)
    chosen = choose(service.client("personalize"), "asked", "asked")
    Task("job").run(PersonalizeCreateBatchInferenceJobOperator(
        task_id="job", solution_version_arn=chosen["solution_version_arn"], input_location=asked["input"],
        output_location=asked["output"], role_arn=ROLE, num_results=4, **WAIT,
    ))  # fmt: skip
    outlet = Asset(name="mail", uri=f"s3://{BUCKET}/asked/batch/mail/")
    for _ in range(2):  # a retry gives the same table
        told, events = take(asked, [outlet])
        assert told["answered"] == 2
        assert events[outlet].extra == told
        found = shop("SELECT user_id, count(*), min(position), max(position) FROM for_you GROUP BY user_id")
        assert found == [("u1", 4, 1, 4), ("u2", 4, 1, 4)]


def test_too_many_lines_without_an_answer_leave_the_table_as_it_was(service, shop):
    asked = ask()
    line = {"input": {"userId": "u1"}, "output": {"recommendedItems": ["i1"]}, "error": None}
    bucket, _, prefix = asked["output"].removeprefix("s3://").partition("/")
    service.client("s3").put_object(
        Bucket=bucket, Key=f"{prefix}part-00000.json.out", Body=json.dumps(line).encode()
    )
    take(asked, error_limit=0.5)
    line["output"]["recommendedItems"] = ["i2"]
    service.client("s3").put_object(
        Bucket=bucket, Key=f"{prefix}part-00000.json.out", Body=json.dumps(line).encode()
    )
    with pytest.raises(AirflowFailException, match="1 of 2 lines have no answer"):
        take(asked, error_limit=0.4)
    assert shop("SELECT item_id FROM for_you") == [("i1",)]


def test_nothing_to_ask_and_more_than_the_recipe_takes_are_refused(service, shop):
    with pytest.raises(AirflowFailException, match=r"nothing to ask about \(1 rows"):
        ask("SELECT id AS user_id FROM people WHERE id IS NULL")
    with pytest.raises(AirflowFailException, match="more than 1 lines"):
        ask(most_lines=1)


def test_the_version_is_the_live_one_and_without_a_campaign_the_newest(service, night):
    client = service.client("personalize")
    assert choose(client, "asked", "asked", "asked")["solution_version_arn"] == night.versions[1]
    Task("campaign").run(night.campaign(night.versions[0]))
    assert choose(client, "asked", "asked", "asked")["solution_version_arn"] == night.versions[0]
    for arguments, said in (
        (("asked", "nope"), "solution nope is not there yet"),
        (("nobody", "asked"), "dataset group nobody is not there yet"),
        (("asked", "asked", None, "fresh"), "filter fresh is not there yet"),
    ):
        with pytest.raises(NothingToAskError, match=said):
            choose(client, *arguments)


def test_a_dry_run_says_what_would_be_asked_and_writes_nothing(service, night, shop):
    s3 = service.client("s3")
    before = s3.list_objects_v2(Bucket=BUCKET)["KeyCount"]
    group = {
        "name": "asked", "role": ROLE, "bucket": BUCKET, "prefix": "asked", "product_db": "shop",
        "datasets": {"interactions": {"schema": "x", "sql": "x"}},
        "solutions": [{"name": "asked", "recipe": "aws-popularity-count"}],
        "batch": {"jobs": [{"name": "mail", "solution": "asked", "table": "for_you"},
                           {"name": "fans", "kind": "segments", "recipe": "aws-item-affinity"}]},
    }  # fmt: skip
    operator = PersonalizeBatchDryRunOperator(
        task_id="dry_run", group=group,
        queries={"mail": "SELECT id AS user_id FROM people", "fans": "SELECT id AS user_id FROM people"},
    )  # fmt: skip
    told = operator.execute({"params": {"batches": ["mail", "fans"], "train": True, "dry_run": True}})
    text = "\n".join(told["lines"])
    assert told["input_lines"] == {"mail": 2, "fans": None}
    assert "has no column item_id" in text
    assert "would train solution fans (aws-item-affinity)" in text
    assert "replace the rows of table for_you" in text
    told = operator.execute({"params": {"batches": ["fans"], "train": False, "dry_run": True}})
    assert "solution fans is not there yet" in "\n".join(told["lines"])
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == before
