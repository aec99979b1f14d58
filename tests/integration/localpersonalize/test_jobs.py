"""Jobs of a live service whose workers are killed, and that is stopped while they are under way."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.localpersonalize.live import Live, schema, until

INTERACTIONS = schema(
    "Interactions",
    ("USER_ID", "string"),
    ("ITEM_ID", "string"),
    ("TIMESTAMP", "long"),
    ("EVENT_TYPE", "string"),
)
STOP_SECONDS = 5
PACED = 0.06  # of a deletion's half minute: 2 s


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Live]:
    live = Live(tmp_path / "data").start()
    yield live
    live.stop()


def rows(users: int, items: int) -> str:
    lines = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"]
    lines += [
        f"u{u},i{(u * 7 + n) % items},{1_700_000_000 + n},view" for u in range(users) for n in range(40)
    ]
    return "\n".join(lines)


def dataset(live: Live) -> tuple[str, str, str]:
    """ARNs of a role, a group and a dataset."""
    role = live.prepare()
    group = live.make("DatasetGroup", name="shop")
    schema_arn = live.personalize.create_schema(name="interactions", schema=INTERACTIONS)["schemaArn"]
    kind = "Interactions"
    return (
        role,
        group,
        live.make("Dataset", name="d", datasetGroupArn=group, datasetType=kind, schemaArn=schema_arn),
    )


def begin_import(live: Live, role: str, arn: str, name: str = "first", users: int = 100) -> str:
    source = {"dataLocation": live.upload(f"{name}.csv", rows(users, 60))}
    return live.make(
        "DatasetImportJob", wait=False, jobName=name, datasetArn=arn, dataSource=source, roleArn=role
    )


def begin_training(live: Live, group: str, recipe: str = "aws-user-personalization") -> str:
    """A training of a minute, if nobody ends it."""
    solution = live.make(
        "Solution",
        name="slow",
        datasetGroupArn=group,
        recipeArn=f"arn:aws:personalize:::recipe/{recipe}",
        performAutoTraining=False,
        performHPO=True,
        solutionConfig={"hpoConfig": {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "20"}}},
    )
    return live.make("SolutionVersion", wait=False, solutionArn=solution)


def workers(live: Live) -> list[int]:
    """Processes that have begun a task: started for it, or made ready and handed one."""
    assert live.process
    results = []
    for path in Path(f"/proc/{live.process.pid}/task").glob("*/children"):
        for child in path.read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"localpersonalize.jobs.worker" in command:
                results.append(int(child))
    return results


def stops_within_bounds(live: Live) -> None:
    assert live.process
    left = workers(live)
    started = time.monotonic()
    live.process.send_signal(signal.SIGTERM)
    live.process.wait(30)
    assert time.monotonic() - started < STOP_SECONDS
    until(lambda: not any(Path(f"/proc/{pid}/task").exists() for pid in left), "the workers to end", 5)


def kill_workers_until(live: Live, reached: Callable[[], bool]) -> int:
    killed: set[int] = set()

    def kill_and_look() -> bool:
        for pid in workers(live):
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        return reached()

    until(kill_and_look, "the job to end", 60)
    return len(killed)


def test_a_worker_that_is_killed_once_costs_nothing(own: Live) -> None:
    role, _, arn = dataset(own)
    job = begin_import(own, role, arn, users=2000)
    until(lambda: bool(workers(own)), "a worker", 20)
    os.kill(workers(own)[0], signal.SIGKILL)
    own.wait("DatasetImportJob", job)
    assert "(signal 9)" in own.log()


def test_a_worker_that_is_killed_again_and_again_is_the_reason(own: Live) -> None:
    role, _, arn = dataset(own)
    job = begin_import(own, role, arn)

    def has_failed() -> bool:
        result = own.personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]
        return bool(result["status"] == "CREATE FAILED")

    kill_workers_until(own, has_failed)
    result = own.personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]
    assert result["failureReason"].startswith("The worker was killed (signal 9): out of memory?")
    own.wait("DatasetImportJob", begin_import(own, role, arn, "second"))


def test_a_job_that_needs_too_much_memory_says_so(tmp_path: Path) -> None:
    live = Live(tmp_path / "data", "--worker-memory", "60").start()
    try:
        role, _, arn = dataset(live)
        job = live.wait("DatasetImportJob", begin_import(live, role, arn), "CREATE FAILED")
        assert "--worker-memory" in job["failureReason"]
    finally:
        live.stop()


def test_the_service_stops_in_time_during_an_import_and_goes_on_with_it(own: Live) -> None:
    role, _, arn = dataset(own)
    job = begin_import(own, role, arn, users=6_000)
    until(lambda: bool(workers(own)), "a worker", 20)
    stops_within_bounds(own)
    own.start().wait("DatasetImportJob", job)


@pytest.mark.long
def test_the_service_stops_in_time_during_a_training_and_a_batch_job(own: Live) -> None:
    role, group, arn = dataset(own)
    own.wait("DatasetImportJob", begin_import(own, role, arn))
    version = begin_training(own, group)
    until(lambda: "training" in own.log() or bool(workers(own)), "a worker", 20)
    time.sleep(2)  # libraries are loaded, a model is fitted
    stops_within_bounds(own)
    result = own.start().personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert result["status"] == "CREATE IN_PROGRESS"
    own.personalize.stop_solution_version_creation(solutionVersionArn=version)
    own.wait("SolutionVersion", version, "CREATE STOPPED")

    trained = begin_training_of_counts(own, group)
    own.wait("SolutionVersion", trained)
    lines = "\n".join(f'{{"userId": "u{n}"}}' for n in range(30_000))
    source = {"s3DataSource": {"path": own.upload("in.json", lines)}}
    job = own.personalize.create_batch_inference_job(
        jobName="b",
        solutionVersionArn=trained,
        roleArn=role,
        jobInput=source,
        jobOutput={"s3DataDestination": {"path": "s3://shop/out/"}},
    )["batchInferenceJobArn"]
    until(lambda: bool(workers(own)), "a worker", 20)
    time.sleep(0.5)
    stops_within_bounds(own)
    own.start().wait("BatchInferenceJob", job)


def begin_training_of_counts(live: Live, group: str) -> str:
    solution = live.make(
        "Solution",
        name="counts",
        datasetGroupArn=group,
        recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
        performAutoTraining=False,
    )
    return live.make("SolutionVersion", wait=False, solutionArn=solution)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_deletion_that_was_cut_off_does_not_reach_a_newer_dataset_of_the_name(
    tmp_path: Path, end: str
) -> None:
    live = Live(tmp_path / "data").start()
    try:
        role, group, arn = dataset(live)
        live.wait("DatasetImportJob", begin_import(live, role, arn))
        live.stop()
        live.options = ("--pace", str(PACED))
        live.start().personalize.delete_dataset(datasetArn=arn)
        until(
            lambda: live.personalize.describe_dataset(datasetArn=arn)["dataset"]["status"].endswith("ESS"),
            "it",
            20,
        )
        if end == "stop":
            stops_within_bounds(live)
        else:
            live.kill()
        live.start().gone("Dataset", arn)
        live.kill()
        live.start()
        schema_arn = live.personalize.list_schemas()["schemas"][0]["schemaArn"]
        repeated = live.make(
            "Dataset", name="d", datasetGroupArn=group, datasetType="Interactions", schemaArn=schema_arn
        )
        assert repeated == arn
        time.sleep(PACED * 30 + 1)
        assert live.personalize.describe_dataset(datasetArn=arn)["dataset"]["status"] == "ACTIVE"
    finally:
        live.stop()
