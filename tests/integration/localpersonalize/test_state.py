"""An account saved, emptied and loaded again while it is in use."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials

from localpersonalize.state.client import StateClient
from localpersonalize.state.errors import StateError
from tests.support.localpersonalize.live import BUCKET, KEY, REGION, SECRET, Live, code, schema, until
from tests.support.localpersonalize.shop import RECIPE, Shop, interactions

FIELDS = [("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long")]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    live = Live(tmp_path_factory.mktemp("state") / "data", "--workers", "2").start()
    yield Shop(live).build()
    live.stop()


@pytest.fixture(scope="module")
def saved(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the shop, with an event that was put."""
    shop.live.client("personalize-events").put_events(
        trackingId=shop["tracking id"],
        userId="u1",
        sessionId="s",
        eventList=[{"eventType": "Purchase", "itemId": "i1", "sentAt": 1_700_000_100}],
    )
    file = tmp_path_factory.mktemp("saved") / "shop.tar.gz"
    client(shop.live).save(file)
    return file


def client(live: Live, secret: str = SECRET) -> StateClient:
    return StateClient(live.endpoint, Credentials(KEY, secret), REGION)


def view(shop: Shop) -> dict[str, Any]:
    """What an account holds, as its owner sees it."""
    personalize, s3, iam = shop.live.personalize, shop.live.s3, shop.live.client("iam")
    runtime = shop.live.client("personalize-runtime")
    objects = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    return {
        "group": personalize.describe_dataset_group(datasetGroupArn=shop["group"])["datasetGroup"],
        "jobs": personalize.list_dataset_import_jobs()["datasetImportJobs"],
        "metrics": personalize.get_solution_metrics(solutionVersionArn=shop["version"])["metrics"],
        "tracker": personalize.describe_event_tracker(eventTrackerArn=shop["tracker"])["eventTracker"],
        "answer": runtime.get_recommendations(
            campaignArn=shop["campaign"],
            userId="u1",
            filterArn=shop["filter"],
            filterValues={"COLOUR": '"red"'},
        )["itemList"],
        "objects": {o["Key"]: s3.get_object(Bucket=BUCKET, Key=o["Key"])["Body"].read() for o in objects},
        "bucket policy": s3.get_bucket_policy(Bucket=BUCKET)["Policy"],
        "role": iam.get_role_policy(RoleName="personalize", PolicyName="s3")["PolicyDocument"],
    }


def is_empty(live: Live) -> bool:
    personalize = live.personalize
    return not (
        personalize.list_dataset_groups()["datasetGroups"]
        or personalize.list_schemas()["schemas"]
        or personalize.list_dataset_import_jobs()["datasetImportJobs"]
        or live.s3.list_buckets()["Buckets"]
        or live.client("iam").list_roles()["Roles"]
    )


def test_a_state_comes_back_whole_and_outlives_a_restart(shop: Shop, saved: Path) -> None:
    live, before = shop.live, view(shop)
    client(live).reset()
    assert is_empty(live)
    assert not list(live.data_dir.glob("datasets/*")) + list(live.data_dir.glob("models/*"))
    client(live).load(saved)
    assert view(shop) == before
    live.stop()
    live.start()
    assert view(shop) == before
    exported = live.make(
        "DatasetExportJob",
        jobName="after",
        datasetArn=shop["dataset Interactions"],
        roleArn=shop.role,
        ingestionMode="PUT",
        jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/exported/"}},
    )
    assert exported
    (entry,) = [
        o["Key"]
        for o in live.s3.list_objects_v2(Bucket=BUCKET, Prefix="exported/")["Contents"]
        if ".csv" in o["Key"]
    ]
    text = live.s3.get_object(Bucket=BUCKET, Key=entry)["Body"].read().decode()
    assert [line for line in text.splitlines() if line.startswith("u1,") or ",u1," in line]


@pytest.mark.long
def test_another_service_of_the_account_takes_it_over_by_the_command(
    shop: Shop, saved: Path, tmp_path: Path
) -> None:
    """Also what the command says of a service that is not there, and of a file that is no archive."""
    other = Live(tmp_path / "data").start()
    environment = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "PATH": "",
        "HOME": str(tmp_path),
    }

    def run(*arguments: str, endpoint: str = other.endpoint) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "localpersonalize", "state", *arguments, "--endpoint", endpoint]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)

    try:
        assert run("load", str(saved)).returncode == 0
        assert view(Shop(other, shop.role, shop.arns))["group"]["name"] == "shop"
        done = run("save", str(tmp_path / "again.tar.gz"))
        assert (done.returncode, done.stdout.startswith(str(tmp_path / "again.tar.gz"))) == (0, True), (
            done.stderr
        )
        done = run("load", __file__)
        assert (done.returncode, "Nothing was changed" in done.stderr) == (1, True)
        assert run("reset").returncode == 0
        assert is_empty(other)
        done = run("reset", endpoint="http://127.0.0.1:1")
        assert (done.returncode, "does not answer" in done.stderr) == (1, True)
    finally:
        other.stop()


def test_a_damaged_archive_changes_nothing(shop: Shop, saved: Path, tmp_path: Path) -> None:
    before, content = view(shop), saved.read_bytes()
    for number, damaged in enumerate(
        (content[: len(content) // 2], content[:-4000] + bytes(4000), b"", b"no")
    ):
        file = tmp_path / str(number)
        file.write_bytes(damaged)
        with pytest.raises(StateError, match="Nothing was changed"):
            client(shop.live).load(file)
    assert view(shop) == before
    assert not list(shop.live.data_dir.glob("state-*"))


def test_only_who_signs_may(shop: Shop, saved: Path) -> None:
    stranger = client(shop.live, "wrong")
    for call in (stranger.reset, lambda: stranger.save(saved.with_name("x")), lambda: stranger.load(saved)):
        with pytest.raises(StateError, match="signature"):
            call()
    assert not saved.with_name("x").exists()


@pytest.mark.long
def test_a_reset_while_jobs_run_leaves_nothing_of_them(shop: Shop) -> None:
    """And requests that come meanwhile wait: none fails."""
    live = shop.live
    jobs = [shop.import_csv("Interactions", f"many-{n}", interactions(300), wait=False) for n in range(3)]
    live.personalize.create_solution_version(solutionArn=shop["solution"])
    assert live.personalize.describe_dataset_import_job(datasetImportJobArn=jobs[0])
    failures: list[str] = []
    done = threading.Event()

    def list_schemas_until_done() -> None:
        own = boto3.client(
            "personalize",
            endpoint_url=live.endpoint,
            region_name=REGION,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=Config(proxies={}, retries={"max_attempts": 0}),
        )
        while not done.is_set():
            if problem := code(own.list_schemas):
                failures.append(problem)

    client_thread = threading.Thread(target=list_schemas_until_done)
    client_thread.start()
    try:
        client(live).reset()
        assert is_empty(live)
    finally:
        done.set()
        client_thread.join(30)
    assert failures == []
    until(lambda: not list(live.data_dir.glob("datasets/*")), "nothing to be written")
    assert is_empty(live)
    rebuilt = Shop(live).build()
    assert live.client("personalize-runtime").get_recommendations(
        campaignArn=rebuilt["campaign"], userId="u1"
    )["itemList"]
    assert "Traceback" not in live.log()


@pytest.mark.long
def test_unfinished_jobs_go_on_after_a_load(shop: Shop, tmp_path: Path) -> None:
    """What was being done when the state was saved is done in the end."""
    live = shop.live
    client(live).reset()
    role = live.prepare()
    group = live.make("DatasetGroup", name="g")
    made = live.personalize.create_schema(name="i", schema=schema("Interactions", *FIELDS))["schemaArn"]
    dataset = live.make(
        "Dataset", name="i", datasetType="Interactions", datasetGroupArn=group, schemaArn=made
    )
    rows = "\n".join(f"u{n % 500},i{n % 90},{1_700_000_000 + n}" for n in range(200_000))
    source = live.upload("i.csv", f"USER_ID,ITEM_ID,TIMESTAMP\n{rows}")
    job = live.make(
        "DatasetImportJob",
        wait=False,
        jobName="i",
        datasetArn=dataset,
        roleArn=role,
        dataSource={"dataLocation": source},
    )
    client(live).save(tmp_path / "state")
    client(live).load(tmp_path / "state")
    live.wait("DatasetImportJob", job)
    solution = live.make(
        "Solution",
        name="s",
        datasetGroupArn=group,
        recipeArn=RECIPE + "aws-popularity-count",
        performAutoTraining=False,
    )
    live.make("SolutionVersion", solutionArn=solution)
