"""A disk without room: what is answered, what is kept, and what comes of it once there is room again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from tests.support.localpersonalize.live import BUCKET, Live, code, policy, until
from tests.support.localpersonalize.shop import INTERACTIONS, NEWEST_TIMESTAMP, Shop
from tests.support.small_disk import Disk, LimitedFiles, SmallDisk

DISK_BYTES = 32 << 20
ROOM_FOR_ROWS = 400_000  # for rows of the database, and not for what is imported
BIG_ROWS = 60_000


@pytest.fixture(params=["small disk", "limited files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    path = tmp_path / "disk"
    path.mkdir()
    made: SmallDisk | LimitedFiles
    if request.param == "limited files":
        made = LimitedFiles(path, path / "data" / "personalize.sqlite")
    else:
        try:
            made = SmallDisk(path, DISK_BYTES)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"nothing can be mounted here, the other variant stands for it: {error}")
    yield made
    made.close()


def pid(live: Live) -> int:
    assert live.process
    return live.process.pid


def health(live: Live) -> tuple[int, dict[str, str]]:
    try:
        with urlopen(live.endpoint + "/healthz", timeout=5) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        return error.code, json.loads(error.read())


def refused(call: Callable[[], Any]) -> str:
    """The message of a modelled refusal for want of room; empty if the call was answered."""
    response: Any = {}
    try:
        call()
    except ClientError as error:
        response = error.response
    if not response:
        return ""
    assert response["Error"]["Code"] == "ServiceUnavailable", response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 503
    message = str(response["Error"]["Message"])
    assert "can't be written" in message
    assert "Free space" in message
    return message


def big_csv() -> str:
    rows = [f"u{n % 500},i{n % 300},buy,1.5,{NEWEST_TIMESTAMP - n}" for n in range(BIG_ROWS)]
    return "\n".join(["USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP", *rows])


@pytest.mark.long
@pytest.mark.timeout(900)
def test_from_full_to_free(disk: Disk) -> None:
    live = Live(disk.path / "data").start()
    try:
        shop = Shop(live).build()
        live.upload("in/big.csv", big_csv())
        live.upload("kept", "old")
        upload = live.s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
        campaign = {"campaignArn": shop["campaign"], "userId": "u1"}
        before = live.client("personalize-runtime").get_recommendations(**campaign)["itemList"]

        _jobs_end_with_the_reason(live, shop, disk)

        disk.fill(pid(live))
        acknowledged = _writes_are_refused(live, shop, upload)
        if isinstance(disk, SmallDisk):
            status, said = health(live)
            assert status == 503
            assert "full" in said["aws"]
        # What needs no room is answered as ever.
        assert live.client("personalize-runtime").get_recommendations(**campaign)["itemList"] == before
        assert live.s3.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"old"
        assert live.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] >= 4
        assert live.personalize.list_campaigns()["campaigns"]

        disk.free(pid(live))
        assert health(live)[0] == 200
        live.upload("kept", "new")
        live.client("iam").create_role(RoleName="later", AssumeRolePolicyDocument=policy())
        live.personalize.create_schema(name="later", schema=INTERACTIONS)
        live.s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=1, Body=b"x")
        _import(live, shop, "again", "ACTIVE")

        live.kill()
        live.start()
        schemas = {schema["name"] for schema in live.personalize.list_schemas()["schemas"]}
        assert schemas >= {*acknowledged, "later"}
        assert live.s3.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"new"
        roles = {role["RoleName"] for role in live.client("iam").list_roles()["Roles"]}
        assert "later" in roles
        assert "full" not in roles
        live.stop()
        command = [sys.executable, "-m", "localpersonalize", "check", "--data-dir", str(live.data_dir)]
        checked = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert checked.stdout == "Nothing is damaged.\n"
    finally:
        live.stop()


def _import(live: Live, shop: Shop, name: str, status: str) -> dict[str, Any]:
    source = {"dataLocation": f"s3://{BUCKET}/in/big.csv"}
    job = live.make(
        "DatasetImportJob",
        wait=False,
        jobName=name,
        datasetArn=shop["dataset Interactions"],
        roleArn=shop.role,
        dataSource=source,
        importMode="FULL",
    )
    return live.wait("DatasetImportJob", job, status) if status else {"datasetImportJobArn": job}


def _jobs_end_with_the_reason(live: Live, shop: Shop, disk: Disk) -> None:
    """One that fails while its end can be written, and one that can write it only later."""
    disk.fill(pid(live), ROOM_FOR_ROWS)
    failed = _import(live, shop, "full", "CREATE FAILED")
    assert "can't be written" in failed["failureReason"]
    disk.free(pid(live))
    until(lambda: bool(_workers(live)), "a worker that waits for the next task", 60)
    workers = _workers(live)
    disk.fill(pid(live), ROOM_FOR_ROWS)
    describe = live.personalize.describe_dataset_import_job
    with _stopped(workers):  # so that the import has begun, and not ended, when there is no room any more
        arn = _import(live, shop, "fuller", "")["datasetImportJobArn"]
        until(
            lambda: describe(datasetImportJobArn=arn)["datasetImportJob"]["status"] != "CREATE PENDING",
            "the import to begin",
            60,
        )
        disk.fill(pid(live))

    def one_has_ended() -> bool:
        """One that waited, or one that was started for the import."""
        nonlocal workers
        running = _workers(live)
        ended, workers = workers - running, workers | running
        return bool(ended)

    until(one_has_ended, "the import's worker to end", 60)
    assert describe(datasetImportJobArn=arn)["datasetImportJob"]["status"].startswith("CREATE ")
    disk.free(pid(live))
    ended = live.wait("DatasetImportJob", arn, "CREATE FAILED")
    assert "can't be written" in ended["failureReason"]


@contextmanager
def _stopped(workers: set[int]) -> Iterator[None]:
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)


def _workers(live: Live) -> set[int]:
    assert live.process
    children = {
        int(child)
        for task in Path(f"/proc/{live.process.pid}/task").glob("*/children")
        for child in task.read_text().split()
    }
    return {child for child in children if b"jobs.worker" in Path(f"/proc/{child}/cmdline").read_bytes()}


def _writes_are_refused(live: Live, shop: Shop, upload: str) -> list[str]:
    """Every kind of write; the schemas that were acknowledged all the same."""
    content = b"new" * 3000
    s3, personalize = live.s3, live.personalize
    assert refused(lambda: s3.put_object(Bucket=BUCKET, Key="kept", Body=content))
    assert s3.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"old"
    assert refused(lambda: s3.put_object(Bucket=BUCKET, Key="other", Body=content))
    assert code(lambda: s3.get_object(Bucket=BUCKET, Key="other")) == "NoSuchKey"
    assert refused(lambda: s3.create_bucket(Bucket="other"))
    part = {"Bucket": BUCKET, "Key": "parts", "UploadId": upload, "PartNumber": 1}
    assert refused(lambda: s3.upload_part(**part, Body=content))
    assert refused(lambda: live.client("iam").create_role(RoleName="full", AssumeRolePolicyDocument=policy()))
    # The log of the database may have room in what it has allocated: what is acknowledged is kept.
    acknowledged = []
    for number in range(200):
        name = f"full-{number}"
        if refused(lambda name=name: personalize.create_schema(name=name, schema=INTERACTIONS)):  # type: ignore[misc]
            break
        acknowledged.append(name)
    else:
        raise AssertionError("A full disk took 200 schemas.")
    item = {"itemId": "x", "properties": json.dumps({"CATEGORY": "c" * 900})}
    put = live.client("personalize-events").put_items
    while not refused(lambda: put(datasetArn=shop["dataset Items"], items=[item] * 10)):
        pass
    return acknowledged
