"""Broken on purpose: each thing that is missing is named with what to do, and a clear then goes on to the end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from demo import local_aws
from tests.end_to_end.listening import Slack
from tests.end_to_end.pipeline_stack import (
    RETRAIN,
    SHOP,
    PipelineStack,
    datasets,
    running_pipeline,
    short_folder,
)
from tests.support.small_disk import Disk, small_disk

GROUP: dict[str, Any] = {
    "product_db": "shop_db",  # a connection that is in Airflow's database: a test can mend it
    "datasets": datasets("interactions", "users"),
    "solutions": [{"name": "popular", "recipe": "aws-popularity-count"}],
    "notify": [{"type": "slack", "on": ["failed", "recovered"]}],
}
BOOKS = {"name": "books", "role": "EncoreBooksRole", "bucket": "encore-books"}
PIPELINE = {
    "dataset_groups": [
        {**SHOP, **GROUP},
        {**BOOKS, **GROUP, "solutions": [{"name": "bestsellers", "recipe": "aws-popularity-count"}]},
    ]
}
RETRAIN_BOOKS = f"{RETRAIN}_books"
DISK_BYTES = 64 << 20


@pytest.fixture(scope="module")
def disk() -> Iterator[Disk]:
    """The disk of the service's data directory, in the folder of a stack."""
    with short_folder() as home, small_disk(Path(home).resolve() / "aws", DISK_BYTES) as made:
        yield made


@pytest.fixture(scope="module")
def pipeline(disk, slack) -> Iterator[PipelineStack]:
    with running_pipeline(PIPELINE, slack.environment, disk.path.parent) as pipeline:
        yield pipeline


def remove_role(iam: Any, name: str) -> None:
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=name)


def connect(pipeline: PipelineStack, database: str, **fields: str) -> None:
    """Let the connection lead to a database of the server."""
    connection = {"password": None, **pipeline.stack.postgres.airflow_connection(database), **fields}
    body = {"connection_id": "shop_db", **connection}
    http = pipeline.airflow.http
    if http.get("/api/v2/connections/shop_db").status_code == 404:
        pipeline.airflow.post("/connections", body)
    else:
        pipeline.airflow.patch("/connections/shop_db", body)


def clear(pipeline: PipelineStack, run_id: str, dag_id: str = RETRAIN) -> None:
    """What a person's click on Clear of the failed tasks does."""
    pipeline.clear(dag_id, {"dag_run_id": run_id, "only_failed": True, "include_downstream": True})


@contextmanager
def message(slack: Slack) -> Iterator[list[str]]:
    """What is sent meanwhile: one message."""
    before, said = len(slack.messages(0)), []
    yield said
    said += slack.messages(before + 1)[before:]
    assert len(said) == 1, said


def error_of(pipeline: PipelineStack, run: dict[str, Any], task_id: str) -> str:
    """The one error of a failed task's log: once, whole, and with nothing but Airflow's own marks behind it."""
    tasks = pipeline.airflow.task_instances(run["dag_id"], run["dag_run_id"])
    attempt = next(task["try_number"] for task in tasks if task["task_id"] == task_id)
    path = f"/dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}/taskInstances/{task_id}/logs/{attempt}"
    lines = [
        line
        for line in pipeline.airflow.get(path, map_index=-1, full_content=True)["content"]
        if not line["event"].startswith("::")
    ]
    assert [line["event"] for line in lines if line.get("level") == "error"] == [lines[-1]["event"]]
    (error,) = lines[-1]["error_detail"]
    return str(error["exc_value"])


def ask_for_password(pipeline: PipelineStack, role: str, password: str) -> None:
    """A role that may read everything and is let in by its password alone; the server trusts all others."""
    pipeline.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'", f"GRANT pg_read_all_data TO {role}")
    rules = pipeline.stack.postgres.directory / "pg_hba.conf"
    rules.write_text(f"local all {role} scram-sha-256\n{rules.read_text()}")
    pipeline.sql("SELECT pg_reload_conf()")


def server(pipeline: PipelineStack) -> int:
    """The process id of the service."""
    assert pipeline.stack.aws is not None
    return pipeline.stack.aws.popen.pid


def restart_after_kill(pipeline: PipelineStack) -> None:
    service = pipeline.stack.aws
    assert service is not None
    os.killpg(service.popen.pid, signal.SIGKILL)
    service.popen.wait()
    pipeline.stack.start_aws()


def test_everything_that_is_missing_is_named_and_a_clear_goes_on_over_a_kill_of_the_service(pipeline, slack):
    remove_role(pipeline.aws("iam"), SHOP["role"])
    pipeline.aws("s3").delete_bucket(Bucket=SHOP["bucket"])
    pipeline.sql("ALTER TABLE customers RENAME COLUMN segment TO tier")
    connect(pipeline, "no_such_database")

    run_id = pipeline.start_run(RETRAIN)
    run = pipeline.finish(RETRAIN, run_id)
    assert run["tasks"]["preflight"] == "failed"
    for said in (slack.messages(1)[-1], error_of(pipeline, run, "preflight")):
        for text in ("connection 'shop_db'", "bucket 'encore-shop': create it", f"role '{SHOP['role']}'"):
            assert text in said, text

    connect(pipeline, "shop")
    local_aws.prepare_account(pipeline.settings, SHOP["bucket"], SHOP["role"])
    clear(pipeline, run_id)
    assert pipeline.finish(RETRAIN, run_id)["tasks"]["preflight"] == "failed"
    said = slack.messages(2)[-1]
    assert "sql/users.sql" in said
    assert "segment" in said
    assert "bucket" not in said.split("Log:")[0]

    pipeline.sql("ALTER TABLE customers RENAME COLUMN tier TO segment")
    clear(pipeline, run_id)
    deadline = time.monotonic() + 300
    while pipeline.states(RETRAIN, run_id).get("import_interactions") not in (
        "deferred",
        "running",
        "success",
    ):
        assert time.monotonic() < deadline, pipeline.states(RETRAIN, run_id)
        time.sleep(0.5)
    restart_after_kill(pipeline)
    pipeline.must_be_good(pipeline.finish(RETRAIN, run_id))
    assert pipeline.serves("popular")
    assert "recovered" in slack.messages(3)[-1]


def test_a_wrong_password_is_named_and_the_right_one_lets_the_run_go_on(pipeline, slack):
    ask_for_password(pipeline, "reader", "right")
    connect(pipeline, "shop", login="reader", password="not-the-one")
    with message(slack) as said:
        run = pipeline.run(RETRAIN)
    assert run["tasks"]["preflight"] == "failed"
    for text in (
        "connection 'shop_db'",
        'password authentication failed for user "reader"',
        "under Admin > Connections",
    ):
        assert text in said[0], text
    assert "not-the-one" not in said[0]
    assert "password authentication failed" in error_of(pipeline, run, "preflight")

    connect(pipeline, "shop", login="reader", password="right")
    clear(pipeline, run["dag_run_id"])
    with message(slack) as said:
        pipeline.must_be_good(pipeline.finish(RETRAIN, run["dag_run_id"]))
    assert "recovered" in said[0]


def test_a_full_quota_is_named_with_what_to_delete_and_with_room_the_run_goes_on(pipeline, slack):
    connect(pipeline, "shop")
    groups = len(pipeline.aws("personalize").list_dataset_groups()["datasetGroups"])
    quotas = pipeline.settings.home / "aws" / "quotas.toml"
    quotas.write_text(f"[total]\nDatasetGroup = {groups}\n")
    restart_after_kill(pipeline)
    with message(slack) as said:
        run = pipeline.run(RETRAIN_BOOKS)
    assert run["tasks"]["dataset_group"] == "failed"
    assert f"at most {groups} are allowed" in error_of(pipeline, run, "dataset_group")
    assert f"at most {groups} are allowed" in said[0]
    assert "Delete dataset groups that nothing uses any more, or have the quota raised" in said[0]

    quotas.unlink()
    restart_after_kill(pipeline)
    clear(pipeline, run["dag_run_id"], RETRAIN_BOOKS)
    assert pipeline.finish(RETRAIN_BOOKS, run["dag_run_id"])["state"] == "success"
    assert pipeline.serves("bestsellers")


def test_a_full_disk_of_the_service_is_said_and_with_room_the_run_goes_on(pipeline, slack, disk):
    connect(pipeline, "shop")
    before = pipeline.serves("popular")
    disk.fill(server(pipeline))
    try:
        with message(slack) as said:
            run = pipeline.run(RETRAIN)
    finally:
        disk.free(server(pipeline))
    assert run["tasks"]["export_users"] == "failed"
    assert "The data directory can't be written" in error_of(pipeline, run, "export_users")
    assert "The data directory can't be written" in said[0]
    assert "Free space on its disk and try again" in said[0]
    assert pipeline.serves("popular") == before

    clear(pipeline, run["dag_run_id"])
    with message(slack) as said:
        pipeline.must_be_good(pipeline.finish(RETRAIN, run["dag_run_id"]))
    assert "recovered" in said[0]
