"""A retraining through `docker-compose.yaml`: a worker is killed, scheduler and triggerer are restarted.

Where `docker info` (or `podman info`) succeeds the file is started by the engine's compose, else its services as
processes: `test_container_engine.py` holds what an engine is asked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import boto3
import httpx
import pytest

from demo.airflow import AirflowClient
from tests.support.compose import Deployment
from tests.support.compose_engine import EngineDeployment

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

DAG = "retrain_recommenders"
RUN_SECONDS = 600
CHOICES = {"solutions": ["related"], "history": "first_interaction", "promote": "promote"}


@pytest.fixture(scope="module")
def airflow(deployment: Deployment | EngineDeployment) -> AirflowClient:
    return AirflowClient(deployment.url("api-server"), "admin", deployment.env["AIRFLOW_ADMIN_PASSWORD"])


def _aws(deployment: Deployment | EngineDeployment, service: str) -> Any:
    made: Any = boto3.client
    return made(
        service,
        region_name="us-east-1",
        endpoint_url=deployment.url("localpersonalize"),
        aws_access_key_id=deployment.env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=deployment.env["AWS_SECRET_ACCESS_KEY"],
    )


def _state(deployment: Deployment | EngineDeployment) -> dict[str, Any]:
    """What a run must do exactly once, as the service has it."""
    personalize = _aws(deployment, "personalize")
    imports = personalize.list_dataset_import_jobs()["datasetImportJobs"]
    (campaign,) = personalize.list_campaigns()["campaigns"]
    description = personalize.describe_campaign(campaignArn=campaign["campaignArn"])["campaign"]
    metrics = httpx.get(deployment.url("localpersonalize") + "/metrics", trust_env=False).text
    updates = re.findall(r"^\S*requests_total\{.*UpdateCampaign.*\} (\S+)$", metrics, flags=re.M)
    return {
        "imports": sorted(job["datasetImportJobArn"].split("/")[-1] for job in imports),
        "versions": [
            version["solutionVersionArn"]
            for version in personalize.list_solution_versions()["solutionVersions"]
        ],
        "serves": description["solutionVersionArn"],
        "updates": sum(float(number) for number in updates),
        "group": len(personalize.list_dataset_groups()["datasetGroups"]),
        "status": {job["status"] for job in imports} | {description["status"]},
    }


def _finish(airflow: AirflowClient, run_id: str) -> dict[tuple[str, int], dict[str, Any]]:
    _wait(lambda: airflow.run(DAG, run_id)["state"] in ("success", "failed"), RUN_SECONDS)
    tasks = {(t["task_id"], t["map_index"]): t for t in airflow.task_instances(DAG, run_id)}
    failed = [key for key, task in tasks.items() if task["state"] in ("failed", "upstream_failed")]
    assert airflow.run(DAG, run_id)["state"] == "success", failed
    return tasks


def _wait(done: Callable[[], Any], seconds: float, pause: float = 0.5) -> Any:
    deadline = time.monotonic() + seconds
    while not (result := done()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(pause)
    return result


def _running(airflow: AirflowClient, run_id: str, task_id: str) -> dict[str, Any] | None:
    path = f"/dags/{DAG}/dagRuns/{run_id}/taskInstances"
    result = airflow.get(path, task_id=task_id, state="running")["task_instances"]
    return next((task for task in result if task["task_id"] == task_id and task["hostname"]), None)


def test_a_run_that_loses_a_worker_scheduler_and_triggerer_does_everything_once(
    deployment: Deployment | EngineDeployment,
    airflow: AirflowClient,
    record_property: Callable[[str, object], None],
):
    airflow.wait_for_dag(DAG)
    airflow.unpause(DAG)
    begun = time.monotonic()
    first = _finish(airflow, airflow.trigger(DAG, CHOICES))
    undisturbed = time.monotonic() - begun
    workers = deployment.workers()
    assert len(workers) == 2
    assert {task["hostname"] for task in first.values()} >= workers
    before = _state(deployment)
    assert (len(before["imports"]), len(before["versions"]), before["updates"]) == (3, 1, 0)

    begun = time.monotonic()
    run_id = airflow.trigger(DAG, CHOICES)
    personalize = _aws(deployment, "personalize")
    started = lambda: len(personalize.list_solution_versions()["solutionVersions"]) == 2  # noqa: E731
    _wait(started, RUN_SECONDS, pause=0.1)
    task = _running(airflow, run_id, "solution.train")
    assert task, "the task that has asked for the training is no longer in a worker"
    deployment.kill(task["hostname"])
    killed = time.monotonic()
    deployment.restart("scheduler", "triggerer")
    deployment.start("worker", task["hostname"])  # as `restart: unless-stopped` does after a crash
    tasks = _finish(airflow, run_id)
    seconds = {"undisturbed": undisturbed, "disturbed": time.monotonic() - begun}
    seconds["after the kill"] = time.monotonic() - killed

    after = _state(deployment)
    assert tasks["solution.train", 0]["try_number"] == 2, "the worker was killed in the middle of the task"
    assert len(after["imports"]) == 6, "one import of each of the three datasets"
    assert (len(after["versions"]), after["updates"], after["group"]) == (2, 1, 1)
    assert after["serves"] == next(v for v in after["versions"] if v not in before["versions"])
    assert after["status"] == {"ACTIVE"}
    for name, value in {**deployment.seconds, **seconds}.items():
        record_property(name, f"{value:.0f}")
        print(f"{name}: {value:.0f} s")
