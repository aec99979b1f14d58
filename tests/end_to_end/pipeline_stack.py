"""A stack for the tests of the real scheduler: with a pipeline file of its own, and what a person asks of it."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import yaml

from demo import product_database, shop
from demo.settings import Settings
from demo.stack import Stack
from tests.end_to_end.conftest import SMALL_SHOP, RunningStack

NDCG = "normalized_discounted_cumulative_gain_at_25"
RETRAIN = "retrain_recommenders"
#: The part of a pipeline file that says where the shop's group is kept.
SHOP = {
    "name": "shop",
    "dag_suffix": "",
    "role": "EncorePersonalizeRole",
    "bucket": "encore-shop",
    "prefix": "shop",
}


def datasets(*kinds: str) -> dict[str, Any]:
    """The `datasets` section for the shop's own schemas and queries."""
    return {kind: {"schema": f"schemas/{kind}.json", "sql": f"sql/{kind}.sql"} for kind in kinds}


def short_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for a stack: the path of PostgreSQL's socket in it may not exceed some hundred characters."""
    return tempfile.TemporaryDirectory(prefix="encore-", ignore_cleanup_errors=True)


@contextmanager
def running_pipeline(
    pipeline: Mapping[str, Any], environment: Mapping[str, str] | None = None, home: Path | None = None
) -> Iterator[PipelineStack]:
    """A whole stack with a small shop, of which nothing is exported yet.

    :param home: its folder; otherwise one for the time being
    """
    with nullcontext(home) if home else short_folder() as folder:
        file = Path(folder) / "pipeline.yaml"
        file.write_text(yaml.safe_dump(pipeline))
        running = Stack(
            Settings.load(Path(folder).resolve()),
            airflow_env={
                "ENCORE_PIPELINE": str(file),
                "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",  # tests change the pipeline file
                **(environment or {}),
            },
        )
        try:
            running.start()
            product_database.load(
                running.postgres.uri("shop"), shop.generate(SMALL_SHOP, seed=3), "a small shop"
            )
            yield PipelineStack(running, file)
        finally:
            running.stop()


class PipelineStack(RunningStack):
    """The stack with a pipeline file that a test may change, and the questions that a person asks."""

    def __init__(self, stack: Stack, file: Path) -> None:
        super().__init__(stack)
        self.file = file

    def change(self, pipeline: Mapping[str, Any], dag_id: str, task: str) -> None:
        """Change the pipeline file, and wait until the DAG has a task that it then needs."""
        self.file.write_text(yaml.safe_dump(dict(pipeline)))
        deadline = time.monotonic() + 180
        while task not in {entry["task_id"] for entry in self.airflow.get(f"/dags/{dag_id}/tasks")["tasks"]}:
            assert time.monotonic() < deadline, f"{dag_id} has no task {task}"
            time.sleep(2)

    def export(self) -> None:
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        first = yesterday - timedelta(days=SMALL_SHOP.days - 1)
        run = self.run("export_interactions", {"from_date": str(first), "to_date": str(yesterday)})
        assert run["state"] == "success", run

    def good(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """A run of the retraining that must succeed; if it does not, the first failure's log is shown."""
        return self.must_be_good(self.run(RETRAIN, params))

    def must_be_good(self, run: dict[str, Any]) -> dict[str, Any]:
        for label, state in run["tasks"].items():
            if state == "failed" and run["state"] != "success":
                task, _, index = label.partition("[")
                log = self.log(RETRAIN, run["dag_run_id"], task, int(index[:-1]) if index else -1)
                raise AssertionError(f"{label}: {re.findall('error_detail.{0,1500}', log) or log[-3000:]}")
        assert run["state"] == "success", run
        return run

    def sql(self, *statements: str) -> None:
        with psycopg2.connect(self.database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg2.connect(self.database) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def serves(self, campaign: str) -> str:
        """The version that a campaign serves, and serves with answers."""
        personalize = self.aws("personalize")
        arn = self.campaign_arn(campaign)
        about = {"itemId": "1"} if campaign == "related" else {"userId": "1"}
        answer = self.aws("personalize-runtime").get_recommendations(campaignArn=arn, **about)
        assert answer["itemList"]
        return personalize.describe_campaign(campaignArn=arn)["campaign"]["solutionVersionArn"]

    def campaign_arn(self, name: str) -> str:
        return next(
            campaign["campaignArn"]
            for campaign in self.aws("personalize").list_campaigns()["campaigns"]
            if campaign["name"] == name
        )

    def answer(self, run_id: str, option: str, dag_id: str = RETRAIN) -> str:
        """Wait for a question, answer it as a person would until its task has ended, and return what was shown.

        Airflow takes a task for dead that is answered before its worker process has exited, and then asks again.
        """
        deadline, shown, asking = time.monotonic() + 300, "", None
        while True:
            for detail in self.airflow.get(f"/dags/{dag_id}/dagRuns/{run_id}/hitlDetails")["hitl_details"]:
                task = detail["task_instance"]
                if asking is not None and asking != (task["task_id"], task["map_index"]):
                    continue
                if asking is not None and task["state"] in {"success", "failed", "skipped"}:
                    return shown
                # A question is known before its task waits: an answer that came so early would never reach it.
                if not detail["response_received"] and task["state"] == "awaiting_input":
                    asking, shown = (
                        (task["task_id"], task["map_index"]),
                        detail["subject"] + "\n" + detail["body"],
                    )
                    time.sleep(5)
                    path = (
                        f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{asking[0]}/{asking[1]}/hitlDetails"
                    )
                    self.airflow.patch(path, {"chosen_options": [option], "params_input": {}})
            assert time.monotonic() < deadline, self.states(dag_id, run_id)
            time.sleep(1)

    def clear(self, dag_id: str, choices: Mapping[str, Any]) -> None:
        """A click on Clear, and another where Airflow says that it could not: then it has changed nothing.

        It answers 409 or 500 where a task of the run changes in that moment, too.
        """
        path, body = f"/dags/{dag_id}/clearTaskInstances", {"dry_run": False, **choices}
        try:
            self.airflow.post(path, body)
        except RuntimeError:
            self.airflow.post(path, body)

    def store(self) -> dict[str, Any]:
        """Everything there is in the service and in S3, to compare."""
        personalize, s3 = self.aws("personalize"), self.aws("s3")
        lists = (
            "dataset_groups",
            "schemas",
            "datasets",
            "dataset_import_jobs",
            "solutions",
            "solution_versions",
            "campaigns",
            "batch_inference_jobs",
            "batch_segment_jobs",
        )
        state: dict[str, Any] = {}
        for name in lists:
            answer = getattr(personalize, f"list_{name}")()
            answer.pop("ResponseMetadata")
            state[name] = answer
        for bucket in s3.list_buckets()["Buckets"]:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"])
            state[bucket["Name"]] = [
                (o["Key"], o["ETag"]) for page in pages for o in page.get("Contents", ())
            ]
        return state
