"""Every file of a data directory damaged in every way, one at a time: the server says which, and serves the rest."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localpersonalize import credentials
from tests.support.localpersonalize import live as support
from tests.support.localpersonalize.fork_server import ForkServer
from tests.support.localpersonalize.live import BUCKET, KEY, SECRET, Live, until
from tests.support.localpersonalize.shop import RECIPE, Shop

ENDS = {"personalize.sqlite": 1, "personalize.sqlite-wal": 1, "credentials": 1, "quotas.toml": 2}
"""Files without which the server ends, with a sentence and this status."""
AFFECTED = {
    "datasets": {"imports"},
    "models": {"recommendations", "versions", "campaigns", "solutions"},
    "objects": {"objects", "keys"},
    "buckets": {"policy", "buckets"},
    "uploads": {"parts"},
    "requests.jsonl": {"roles"},
}
"""What may be answered otherwise, by a part of the path of the file that is damaged."""

Way = Callable[[bytes, random.Random], bytes]
Answers = dict[str, Any]


def flipped(content: bytes, generator: random.Random) -> bytes:
    changed = bytearray(content)
    changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
    return bytes(changed)


def overwritten(content: bytes, generator: random.Random) -> bytes:
    start = generator.randrange(len(content))
    return content[:start] + generator.randbytes(min(512, len(content) - start)) + content[start + 512 :]


WAYS: dict[str, Way] = {
    "cut in half": lambda content, _: content[: len(content) // 2],
    "cut at its end": lambda content, _: content[:-3],
    "emptied": lambda content, _: b"",
    "zeroed": lambda content, _: bytes(len(content)),
    "flipped": flipped,
    "overwritten": overwritten,
    "missing": lambda content, _: b"",
}


@dataclass
class Directory:
    """A data directory with one of everything, and what is answered from it."""

    path: Path
    shop: Shop
    upload: str

    def files(self, part: str) -> list[Path]:
        """Of one part of the directory."""
        parts = ("datasets", "models", "personalize.sqlite", "standin/objects", "standin/uploads")
        files = [file for file in sorted(self.path.rglob("*")) if file.is_file()]
        if part in parts:
            return [file for file in files if str(file.relative_to(self.path)).startswith(part)]
        return [file for file in files if not str(file.relative_to(self.path)).startswith(parts)]

    def answers(self, live: Live, with_roles: bool) -> Answers:
        personalize, s3 = live.personalize, live.s3
        keys = ["in/interactions.csv", "in/items.csv", "parts", "empty"]
        calls: dict[str, Callable[[], Any]] = {
            "imports": lambda: states(personalize.list_dataset_import_jobs()["datasetImportJobs"]),
            "datasets": lambda: states(personalize.list_datasets()["datasets"]),
            "versions": lambda: states(personalize.list_solution_versions()["solutionVersions"]),
            "solutions": lambda: states(personalize.list_solutions()["solutions"]),
            "filters": lambda: states(personalize.list_filters()["Filters"]),
            "recommendations": lambda: [
                item["itemId"]
                for item in live.client("personalize-runtime").get_recommendations(
                    campaignArn=self.shop["campaign"], userId="u1", numResults=5
                )["itemList"]
            ],
            "buckets": lambda: [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]],
            "policy": lambda: s3.get_bucket_policy(Bucket=BUCKET)["Policy"],
            "keys": lambda: [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]],
            "parts": lambda: [
                part["ETag"]
                for part in s3.list_parts(Bucket=BUCKET, Key="big", UploadId=self.upload).get("Parts", ())
            ],
            "imports again": lambda: states(personalize.list_dataset_import_jobs()["datasetImportJobs"]),
            "campaigns": lambda: states(personalize.list_campaigns()["campaigns"]),
        }
        for key in keys:
            calls[f"objects {key}"] = lambda key=key: content_of(s3, key)  # type: ignore[misc]
        if with_roles:
            calls["roles"] = lambda: [role["Arn"] for role in live.client("iam").list_roles()["Roles"]]
        return {name: answer(call) for name, call in calls.items()}


def states(resources: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(next(v for k, v in body.items() if k.endswith("Arn")), body["status"]) for body in resources]


def content_of(s3: Any, key: str) -> tuple[str, str]:
    answer = s3.get_object(Bucket=BUCKET, Key=key)
    return answer["ETag"], hashlib.sha256(answer["Body"].read()).hexdigest()


def answer(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ClientError as error:
        return error


def status_of(value: Any) -> int:
    return (
        int(value.response["ResponseMetadata"]["HTTPStatusCode"]) if isinstance(value, ClientError) else 200
    )


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    live = Live(tmp_path_factory.mktemp("whole") / "data").start()
    shop = Shop(live).build()
    live.s3.put_object(Bucket=BUCKET, Key="empty", Body=b"")
    for key in ("parts", "big"):
        upload = live.s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
        named = {"Bucket": BUCKET, "Key": key, "UploadId": upload}
        etag = live.s3.upload_part(**named, PartNumber=1, Body=b"x" * 5000)["ETag"]
        if key == "parts":
            parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
            live.s3.complete_multipart_upload(**named, MultipartUpload=parts)
    live.stop()  # all of the database in its file
    live.start()
    events = live.client("personalize-events")
    for number in range(5):
        item = {"itemId": f"new{number}", "properties": '{"CATEGORY": "red"}'}
        events.put_items(datasetArn=shop["dataset Items"], items=[item])
    live.make("Solution", name="other", datasetGroupArn=shop["group"], recipeArn=RECIPE + "aws-sims")
    live.kill()  # and what came last in its log
    (live.data_dir / "server.log").unlink()
    (live.data_dir / "quotas.toml").write_text("[total]\nCampaign = 20\n")
    (live.data_dir / "credentials").write_text(
        f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    )
    return Directory(live.data_dir, shop, upload)


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    server = ForkServer(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", JAX_PLATFORMS="cpu")
    yield server
    server.close()


class Damaged:
    """A copy of the directory with one file damaged."""

    def __init__(
        self, directory: Directory, forks: ForkServer, data_dir: Path, file: Path | None = None
    ) -> None:
        shutil.rmtree(data_dir, ignore_errors=True)
        shutil.copytree(directory.path, data_dir, ignore=shutil.ignore_patterns("*.sock"))
        self.directory, self.forks, self.data_dir = directory, forks, data_dir
        self.file = file.relative_to(directory.path) if file else Path("nothing")
        self.log = data_dir.with_suffix(".log")

    @property
    def names(self) -> tuple[str, ...]:
        """By which of them a sentence may name the file."""
        if self.file.parts[0] in ("datasets", "models"):
            return (str(self.file.parent),)
        if "uploads" in self.file.parts:
            return (self.file.name, f"{self.file.parent.name}: ")
        return (self.file.name,) if self.file.suffix != ".data" else (self.file.name, "put it again")

    def damage(self, way: str, generator: random.Random) -> None:
        file = self.data_dir / self.file
        file.write_bytes(WAYS[way](file.read_bytes(), generator))
        if way == "missing":
            file.unlink()

    def serve(self) -> tuple[int | None, Answers, str]:
        """How the server ended (None: it serves), what it answered, and what it logged."""
        self.log.unlink(missing_ok=True)
        live = Live(self.data_dir)
        options = ["--port", str(live.port), "--data-dir", str(self.data_dir)]
        pid = self.forks.start(self.log, *options)
        ended: list[int] = []

        def no_pending() -> bool:
            status = self.forks.status(pid)
            if status is not None:
                ended.append(status)
            return bool(ended) or healthy(live)

        until(no_pending, f"a server on a directory with {self.file} damaged", 30)
        if ended:
            return ended[0], {}, self.log.read_text()
        key = credentials.load(self.data_dir, {})
        live.client = lambda service, **_: client(live, service, key)  # type: ignore[assignment, method-assign]
        answers = self.directory.answers(live, with_roles=self.file.name in ("requests.jsonl", "nothing"))
        status = self.forks.status(pid)
        assert status is None, f"{self.file}: the server died with {status}\n{self.log.read_text()[-3000:]}"
        self.forks.kill(pid)
        return None, answers, self.log.read_text()

    def check(self, *options: str) -> tuple[int, str]:
        self.log.unlink(missing_ok=True)
        status = self.forks.run(self.log, "check", "--data-dir", str(self.data_dir), *options)
        return status, self.log.read_text()


def healthy(live: Live) -> bool:
    from urllib.request import urlopen

    try:
        with urlopen(live.endpoint + "/healthz", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def client(live: Live, service: str, key: Any) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=live.endpoint,
        region_name=support.REGION,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        config=Config(retries={"max_attempts": 0}, proxies={}),
    )


def differing(answers: Answers, whole: Answers) -> set[str]:
    """What is answered otherwise than from the whole directory."""
    return {
        name
        for name, value in answers.items()
        if isinstance(value, ClientError) or isinstance(whole[name], ClientError) or value != whole[name]
    }


def compare(damaged: Damaged, way: str, whole: Answers, generator: random.Random) -> str:
    """Damage a file and see what comes of it."""
    damaged.damage(way, generator)
    what = f"{damaged.file} {way}"
    status, answers, log = damaged.serve()
    said = log + "".join(str(value) for value in answers.values() if isinstance(value, ClientError))
    different = differing(answers, whole)
    if status is not None:
        assert damaged.file.name in ENDS, f"{what}: {log}"
        assert status == ENDS[damaged.file.name], f"{what}: {status}: {log}"
        assert "Traceback" not in log, f"{what}: {log}"
        assert damaged.file.name.removesuffix("-wal") in flat(said), f"{what}: {log}"
    else:
        allowed = next((names for part, names in AFFECTED.items() if part in damaged.file.parts), set())
        database = damaged.file.name.startswith("personalize.sqlite")
        assert database or {name.split()[0] for name in different} <= allowed, f"{what}: {different}: {said}"
        for name in different:
            value = answers[name]
            assert status_of(value) < 500 or "data directory is damaged" in str(value), f"{what}: {value}"
        if different:
            assert any(name in said for name in damaged.names) or "is damaged" in said, f"{what}: {said}"
    damage, listed = damaged.check()
    outcome = (
        "ended with a sentence" if status is not None else "served the rest" if different else "served all"
    )
    if damage == 0:
        assert status is None, f"{what}: the check finds nothing, but {log}"
        mended = any(name in said for name in damaged.names)  # by the server itself, which said so
        assert mended or not different, f"{what}: the check finds nothing, but {different} differ"
        return outcome
    assert any(name.removesuffix("-wal") in listed for name in damaged.names), f"{what}: {listed}"
    status, done = damaged.check("--repair")
    if damaged.file.name == "quotas.toml":
        (damaged.data_dir / "quotas.toml").unlink()
    else:
        assert status == 0, f"{what}: {done}"
    assert damaged.check() == (0, "Nothing is damaged.\n"), f"{what}: {done}"
    status, answers, log = damaged.serve()
    assert status is None, f"{what}: {log}"
    assert [value for value in answers.values() if status_of(value) >= 500] == [], what
    return outcome


def flat(text: str) -> str:
    """What a terminal was shown, without the frames and breaks of its lines."""
    return "".join(text.replace("│", "").split())


def ways(file: Path) -> list[str]:
    """Those that change a file, and can be told from a deletion: a note that is gone is an object that is gone."""
    is_note = "standin" in file.parts and file.suffix != ".data" and file.parent.name != "buckets"
    return [way for way in WAYS if (not is_note if way == "missing" else file.stat().st_size)]


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "part", ["datasets", "models", "personalize.sqlite", "standin/objects", "standin/uploads", "the others"]
)
def test_every_file_in_every_way(directory: Directory, forks: ForkServer, tmp_path: Path, part: str) -> None:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
    began, generator, outcomes = time.monotonic(), random.Random(seed), Counter[str]()
    status, whole, log = Damaged(directory, forks, tmp_path / "data").serve()
    assert status is None, log
    assert {name for name, value in whole.items() if isinstance(value, ClientError)} == set()
    files, failures = directory.files(part), []
    for file in files:
        for way in ways(file):
            damaged = Damaged(directory, forks, tmp_path / "data", file)
            try:
                outcomes[compare(damaged, way, whole, generator)] += 1
            except AssertionError as error:
                failures.append(str(error).split("\nassert")[0])
    seconds, number = time.monotonic() - began, sum(outcomes.values())
    print(f"\nSEED={seed} {part}: {len(files)} files, {number} damages, {seconds:.0f} s, {dict(outcomes)}")
    assert failures == [], f"SEED={seed}\n" + "\n\n".join(failures)
