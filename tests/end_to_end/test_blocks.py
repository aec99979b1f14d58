"""The building blocks under a real scheduler and triggerer, on a network that a test can spoil."""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from airflow_personalize.waiter import EARLY_POLL_PAUSES
from demo import local_aws
from demo.airflow import aws_connection
from demo.settings import Settings
from demo.stack import Stack
from tests.end_to_end.conftest import RunningStack
from tests.support.faulty_proxy import Proxy, every_third, proxy
from tests.support.personalize_service import BUCKET, prepare

DAGS = Path(__file__).with_name("blocks")
STEPS = ("import", "train", "campaign")
CHANGES = ("CreateDatasetImportJob", "CreateSolutionVersion", "CreateCampaign", "UpdateCampaign")
KILLS, MOST_RUNS = 10, 20
MINUTE = 60


class Blocks(RunningStack):
    """A stack whose way to AWS leads through a proxy, and whose tasks leave their process ids."""

    def __init__(self, stack: Stack, network: Proxy, processes: Path) -> None:
        super().__init__(stack)
        self.network, self.processes = network, processes

    def calm(self) -> Proxy:
        """The network without troubles, counting from zero."""
        self.network.reset()
        for file in self.processes.iterdir():
            file.unlink()
        return self.network

    def changes(self) -> dict[str, int]:
        return {name: self.network.done[name] for name in CHANGES if self.network.done[name]}

    def is_running(self, run_id: str, task_id: str) -> bool:
        return _is_alive(self.processes / f"{run_id}.{task_id}.-1")

    def kill(self, run_id: str, task_id: str) -> bool:
        """SIGKILL the process that runs the task, if one does."""
        file = self.processes / f"{run_id}.{task_id}.-1"
        try:
            os.kill(int(file.read_text()), signal.SIGKILL)
        except (OSError, ValueError):
            return False
        file.unlink(missing_ok=True)
        return True

    def tries(self, dag_id: str, run_id: str) -> dict[str, int]:
        return {task["task_id"]: task["try_number"] for task in self.airflow.task_instances(dag_id, run_id)}


@pytest.fixture(scope="module")
def blocks() -> Iterator[Blocks]:
    with tempfile.TemporaryDirectory(prefix="blocks-", ignore_cleanup_errors=True) as folder:
        settings = Settings.load(Path(folder).resolve())
        processes = settings.home / "processes"
        processes.mkdir()
        with proxy(settings.aws_endpoint) as network:
            running = Stack(
                settings,
                airflow_env={
                    "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
                    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
                    "AIRFLOW_CONN_AWS_DEFAULT": aws_connection(settings, network.address),
                    "ENCORE_TEST_PROCESSES": str(processes),
                },
            )
            try:
                running.start()
                prepare(lambda name: local_aws.client(settings, name))
                s3 = local_aws.client(settings, "s3")
                for key, text in (
                    ("users.json", '{"userId": "u1"}\n{"userId": "u2"}\n'),
                    ("items.json", '{"itemId": "i1"}\n'),
                    ("forget.csv", "USER_ID\nu3\n"),
                ):
                    s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())
                made = Blocks(running, network, processes)
                run = made.run("blocks_retraining")
                assert run["state"] == "success", run["tasks"]
                assert made.changes() == dict.fromkeys(CHANGES[:3], 1)
                yield made
            finally:
                running.stop()


def test_a_worker_killed_at_random_moments_leaves_one_job_of_each_kind(blocks):
    chance, kills, runs = random.Random(11), 0, 0
    while kills < KILLS:
        assert runs < MOST_RUNS, f"Only {kills} kills came before the end of what was to be killed."
        runs += 1
        blocks.calm()
        run_id = blocks.start_run("blocks_retraining")
        kills += _kill_on_the_way(blocks, run_id, chance, KILLS - kills)
        assert blocks.finish("blocks_retraining", run_id)["state"] == "success"
        assert blocks.changes() == {
            "CreateDatasetImportJob": 1,
            "CreateSolutionVersion": 1,
            "UpdateCampaign": 1,
        }


def _kill_on_the_way(blocks: Blocks, run_id: str, chance: random.Random, most: int) -> int:
    """SIGKILL what runs the steps, each time a random moment after it began; returns how often."""
    left = dict.fromkeys(STEPS, 4)
    while True:
        states = blocks.states("blocks_retraining", run_id)
        blocks.stack.check()
        if "failed" in states.values() or states.get("campaign") == "success":
            return sum(4 - count for count in left.values())
        for step in STEPS:
            if left[step] and sum(left.values()) > 12 - most and blocks.is_running(run_id, step):
                time.sleep(chance.uniform(0, 1.5))
                left[step] -= blocks.kill(run_id, step)
        time.sleep(0.1)


@pytest.mark.parametrize("moment", ["request sent, answer not read", "answer read, not written down"])
def test_a_worker_killed_around_the_request_leaves_one_job_of_each_kind(blocks, moment):
    network = blocks.calm()
    run: list[str] = []
    killed: list[str] = []
    of = {"CreateDatasetImportJob": "import", "CreateSolutionVersion": "train", "UpdateCampaign": "campaign"}

    def kill(operation: str) -> None:
        if operation in of and operation not in killed and blocks.kill(run[0], of[operation]):
            killed.append(operation)

    if moment.startswith("request sent"):
        network.before_answer = kill
    else:
        network.after_answer = kill
    run.append("manual__" + moment.replace(" ", "-").replace(",", ""))
    blocks.start_run("blocks_retraining", dag_run_id=run[0])
    assert blocks.finish("blocks_retraining", run[0])["state"] == "success"
    assert sorted(killed) == sorted(of)
    assert blocks.changes() == dict.fromkeys(of, 1)
    tries = blocks.tries("blocks_retraining", run[0])
    assert all(tries[task] >= 2 for task in of.values()), tries


def test_a_run_succeeds_though_every_third_request_meets_trouble(blocks):
    network = blocks.calm()
    network.plan = every_third()
    assert blocks.run("blocks_retraining")["state"] == "success"
    assert min(network.troubles.values()) >= 2
    assert len(network.troubles) == 4
    assert blocks.changes() == {"CreateDatasetImportJob": 1, "CreateSolutionVersion": 1, "UpdateCampaign": 1}


def test_every_operator_and_sensor_works_and_all_is_gone_afterwards(blocks):
    blocks.calm()
    ended = blocks.run("blocks_everything", {"group": "everything"})
    assert ended["state"] == "success", ended["tasks"]
    assert set(ended["tasks"].values()) == {"success"}
    groups = blocks.aws("personalize").list_dataset_groups()["datasetGroups"]
    assert "everything" not in [group["name"] for group in groups]


def hold_back_trainings(network: Proxy, seconds: float) -> None:
    """Let each training seem to last at least so long."""
    first_seen: dict[str, float] = {}
    lock = threading.Lock()

    def edit(operation: str, request: bytes, answer: bytes) -> bytes:
        if operation != "DescribeSolutionVersion":
            return answer
        body = json.loads(answer)
        version = body["solutionVersion"]
        with lock:
            began = first_seen.setdefault(version["solutionVersionArn"], time.monotonic())
        if version["status"] == "ACTIVE" and time.monotonic() - began < seconds:
            version["status"] = "CREATE IN_PROGRESS"
        return json.dumps(body).encode()

    network.edit = edit


def test_ten_trainings_wait_a_minute_without_a_worker_and_with_few_requests(blocks):
    network = blocks.calm()
    hold_back_trainings(network, MINUTE)
    started = time.monotonic()
    run_id = blocks.start_run("blocks_waiting")
    states: dict[str, str] = {}
    deadline = time.monotonic() + 300
    in_worker = True
    while in_worker or list(states.values()).count("deferred") < 10:
        assert time.monotonic() < deadline, states
        time.sleep(0.5)
        in_worker = any(_is_alive(file) for file in blocks.processes.iterdir())
        states = blocks.states("blocks_waiting", run_id)
    assert blocks.finish("blocks_waiting", run_id)["state"] == "success"
    assert network.done["CreateSolutionVersion"] == 10
    fives = (time.monotonic() - started) / 5  # a slow machine takes longer for the same
    assert sum(network.requests.values()) < (6 + fives) * 10, (
        "six to begin with, then one in five seconds at most"
    )


def test_marking_a_training_failed_stops_it(blocks):
    network = blocks.calm()
    hold_back_trainings(network, 10 * MINUTE)
    run_id = blocks.start_run("blocks_retraining")
    deadline = time.monotonic() + 240
    in_worker = len(EARLY_POLL_PAUSES)
    while (
        network.requests["DescribeSolutionVersion"] <= in_worker  # until the triggerer has taken over
        or blocks.states("blocks_retraining", run_id).get("train") != "deferred"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    path = f"/dags/blocks_retraining/dagRuns/{run_id}/taskInstances/train"
    blocks.airflow.patch(path, {"new_state": "failed"})
    while not network.requests["StopSolutionVersionCreation"]:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert blocks.finish("blocks_retraining", run_id)["state"] == "failed"


def _is_alive(file: Path) -> bool:
    with suppress(OSError, ValueError):
        os.kill(int(file.read_text()), 0)
        return True
    return False
