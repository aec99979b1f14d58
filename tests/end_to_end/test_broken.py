"""Broken on purpose: each thing that is missing is named with what to do, and a clear then goes on to the end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from demo import local_aws
from tests.end_to_end.pipeline_stack import RETRAIN, SHOP, PipelineStack, datasets, running_pipeline

PIPELINE: dict[str, Any] = {
    "dataset_groups": [
        {
            **SHOP,
            "product_db": "shop_db",  # a connection that is in Airflow's database: a test can mend it
            "datasets": datasets("interactions", "users"),
            "solutions": [{"name": "popular", "recipe": "aws-popularity-count"}],
            "notify": [{"type": "slack", "on": ["failed", "recovered"]}],
        }
    ]
}


@pytest.fixture(scope="module")
def pipeline(slack) -> Iterator[PipelineStack]:
    with running_pipeline(PIPELINE, slack.environment) as pipeline:
        yield pipeline


def remove_role(iam: Any, name: str) -> None:
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=name)


def connect(pipeline: PipelineStack, database: str) -> None:
    """Let the connection lead to a database of the server."""
    connection = dict(pipeline.stack.postgres.airflow_connection(database))
    body = {"connection_id": "shop_db", **connection}
    http = pipeline.airflow.http
    if http.get("/api/v2/connections/shop_db").status_code == 404:
        pipeline.airflow.post("/connections", body)
    else:
        pipeline.airflow.patch("/connections/shop_db", body)


def clear(pipeline: PipelineStack, run_id: str) -> None:
    """What a person's click on Clear of the failed tasks does."""
    body = {"dry_run": False, "dag_run_id": run_id, "only_failed": True, "include_downstream": True}
    pipeline.airflow.post(f"/dags/{RETRAIN}/clearTaskInstances", body)


def restart_after_kill(pipeline: PipelineStack) -> None:
    service = pipeline.stack.aws
    assert service is not None
    os.killpg(service.popen.pid, signal.SIGKILL)
    service.popen.wait()
    pipeline.stack.aws = local_aws.start(pipeline.settings)


def test_everything_that_is_missing_is_named_and_a_clear_goes_on_over_a_kill_of_the_service(pipeline, slack):
    remove_role(pipeline.aws("iam"), SHOP["role"])
    pipeline.aws("s3").delete_bucket(Bucket=SHOP["bucket"])
    pipeline.sql("ALTER TABLE customers RENAME COLUMN segment TO tier")
    connect(pipeline, "no_such_database")

    run_id = pipeline.start_run(RETRAIN)
    assert pipeline.finish(RETRAIN, run_id)["tasks"]["preflight"] == "failed"
    said = slack.messages(1)[-1]
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
