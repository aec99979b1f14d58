"""Who changes things in the service, each its own, and how what they changed is looked at."""

from __future__ import annotations

import hashlib
import random
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from localpersonalize.database import FILE
from tests.support.localpersonalize.kills.ledger import GONE, Entry, Value, WrongError
from tests.support.localpersonalize.live import policy
from tests.support.localpersonalize.shop import Shop

PART = 5 << 20
MISSING = ("NoSuchKey", "NoSuchBucket", "NoSuchEntity", "ResourceNotFoundException", "404")


def gone(error: ClientError) -> Value:
    """The value of what an error says is not there.

    :raises WrongError: if it says something else.
    """
    if error.response["Error"]["Code"] not in MISSING:
        raise WrongError(str(error)) from error
    return GONE


class Actor(ABC):
    """Changes things of its own, one after the other."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.random = shop, random.Random(f"{type(self).__name__} {seed}")
        self.acknowledged = 0

    @abstractmethod
    def step(self) -> None:
        """Change one thing.

        :raises CutOffError: if no answer came.
        """

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """All things."""

    def settle(self, everything: bool) -> int:
        """Look at what was touched, or at all things; at how many.

        :raises WrongError: if something is what it may not be.
        """
        entries = [entry for entry in self.entries() if everything or entry.touched]
        for entry in entries:
            entry.settle()
        return len(entries)


class Objects(Actor):
    """Objects put, copied, uploaded in parts, aborted and deleted, in a bucket that others read."""

    def __init__(self, shop: Shop, seed: int) -> None:
        super().__init__(shop, seed)
        self.bucket = f"objects-{seed}"
        shop.live.s3.create_bucket(Bucket=self.bucket)
        self._entries = {f"key {n} %41/ü": Entry("", lambda: GONE) for n in range(12)}
        for key in self._entries:
            self._entries[key] = Entry(f"s3://{self.bucket}/{key}", lambda key=key: self.read(key))

    def entries(self) -> Iterator[Entry]:
        yield from self._entries.values()

    def step(self) -> None:
        key = self.random.choice(list(self._entries))
        kind = self.random.choice(("put", "put", "delete", "delete many", "copy", "parts", "abort"))
        if getattr(self, f"_{kind.replace(' ', '_')}")(key, self._entries[key]):
            self.acknowledged += 1

    def read(self, key: str) -> Value:
        """Digest and metadata of what is read, whole; it says itself which bytes it must have."""
        try:
            answer = self.shop.live.s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            return gone(error)
        content = answer["Body"].read()
        digest = hashlib.md5(content).hexdigest()
        assert answer["ContentLength"] == len(content), key
        assert "-" in answer["ETag"] or answer["ETag"] == f'"{digest}"', key
        return digest, answer["Metadata"].get("written")

    def _content(self, size: int) -> tuple[bytes, str, Value]:
        content, written = self.random.randbytes(size), str(self.random.random())
        return content, written, (hashlib.md5(content).hexdigest(), written)

    def _put(self, key: str, entry: Entry) -> bool:
        content, written, value = self._content(self.random.choice((0, 10, 5_000, 300_000)))
        call = lambda: self.shop.live.s3.put_object(  # noqa: E731
            Bucket=self.bucket, Key=key, Body=content, Metadata={"written": written}
        )
        return entry.change(value, call)

    def _delete(self, key: str, entry: Entry) -> bool:
        return entry.change(GONE, lambda: self.shop.live.s3.delete_object(Bucket=self.bucket, Key=key))

    def _delete_many(self, key: str, entry: Entry) -> bool:
        objects = {"Objects": [{"Key": key}, {"Key": "none"}]}
        call = lambda: self.shop.live.s3.delete_objects(Bucket=self.bucket, Delete=objects)  # noqa: E731
        return entry.change(GONE, call)

    def _copy(self, key: str, entry: Entry) -> bool:
        source = self.random.choice(list(self._entries))
        other = self._entries[source]
        if source == key or not other.is_certain() or other.value is GONE:
            return False
        copied = {"Bucket": self.bucket, "Key": source}
        call = lambda: self.shop.live.s3.copy_object(Bucket=self.bucket, Key=key, CopySource=copied)  # noqa: E731
        return entry.change(other.value, call)

    def _parts(self, key: str, entry: Entry) -> bool:
        sizes = [PART, self.random.randrange(1, 100_000)] if self.random.random() < 0.2 else [1000]
        s3 = self.shop.live.s3
        done: dict[str, Any] = {}
        pieces = [self.random.randbytes(size) for size in sizes]
        written = str(self.random.random())
        value = (hashlib.md5(b"".join(pieces)).hexdigest(), written)

        def upload() -> None:
            made = s3.create_multipart_upload(Bucket=self.bucket, Key=key, Metadata={"written": written})
            address = {"Bucket": self.bucket, "Key": key, "UploadId": made["UploadId"]}
            parts = [
                {"PartNumber": n, "ETag": s3.upload_part(**address, PartNumber=n, Body=piece)["ETag"]}
                for n, piece in enumerate(pieces, 1)
            ]
            done.update(address, MultipartUpload={"Parts": parts})

        unchanged = Entry(entry.name, lambda: GONE)
        if not unchanged.change(GONE, upload):
            return False
        return entry.change(value, lambda: s3.complete_multipart_upload(**done))

    def _abort(self, key: str, entry: Entry) -> bool:
        s3 = self.shop.live.s3

        def begin_and_abort() -> None:
            upload = s3.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]
            s3.upload_part(Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"never")
            s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)

        return Entry(entry.name, lambda: GONE).change(GONE, begin_and_abort)


class Buckets(Actor):
    """Buckets and roles, made and deleted."""

    def __init__(self, shop: Shop, seed: int) -> None:
        super().__init__(shop, seed)
        self._entries = {
            **{f"bucket-{n}": Entry(f"bucket {n}", lambda n=n: self._bucket(n)) for n in range(3)},
            **{f"role-{n}": Entry(f"role {n}", lambda n=n: self._role(n)) for n in range(3)},
        }

    def entries(self) -> Iterator[Entry]:
        yield from self._entries.values()

    def step(self) -> None:
        name = self.random.choice(list(self._entries))
        entry, s3, iam = self._entries[name], self.shop.live.s3, self.shop.live.client("iam")
        call = {
            ("bucket", True): lambda: s3.create_bucket(Bucket=name),
            ("bucket", False): lambda: s3.delete_bucket(Bucket=name),
            ("role", True): lambda: iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy()),
            ("role", False): lambda: iam.delete_role(RoleName=name),
        }[name.split("-")[0], entry.value is GONE]
        self.acknowledged += entry.change("there" if entry.value is GONE else GONE, call)

    def _bucket(self, number: int) -> Value:
        listed = self.shop.live.s3.list_buckets()["Buckets"]
        return "there" if f"bucket-{number}" in {bucket["Name"] for bucket in listed} else GONE

    def _role(self, number: int) -> Value:
        try:
            self.shop.live.client("iam").get_role(RoleName=f"role-{number}")
        except ClientError as error:
            return gone(error)
        return "there"


class Puts(Actor):
    """Events, users, items, actions and their interactions, put one by one; read in the database itself."""

    def __init__(self, shop: Shop, seed: int) -> None:
        super().__init__(shop, seed)
        self.api = shop.live.client("personalize-events")
        self.seed, self.number = seed, 0
        self._entries: list[Entry] = []
        self.action_tracking = shop.live.personalize.describe_dataset(
            datasetArn=shop["dataset Action_Interactions"]
        )["dataset"]["trackingId"]

    def entries(self) -> Iterator[Entry]:
        yield from self._entries

    def step(self) -> None:
        self.number += 1
        name = f"put{self.seed}-{self.number}"
        kind = self.random.choice(("events", "actions taken", "users", "items", "actions"))
        entry = Entry(f"{kind} {name}", lambda: self._count(name), 0)
        self._entries.append(entry)
        self.acknowledged += entry.change(1, lambda: self._call(kind, name))

    def _call(self, kind: str, name: str) -> None:
        now = datetime.now(UTC)
        event = {"eventType": "Purchase", "itemId": "i1", "sentAt": now}
        event = {"actionId": "a1", "sessionId": "s", "eventType": "Taken", "timestamp": now, "userId": name}
        match kind:
            case "events":
                self.api.put_events(
                    trackingId=self.shop["tracking id"], userId=name, sessionId="s", eventList=[event]
                )
            case "actions taken":
                self.api.put_action_interactions(trackingId=self.action_tracking, actionInteractions=[event])
            case "users":
                user = {"userId": name, "properties": '{"segment": "new"}'}
                self.api.put_users(datasetArn=self.shop["dataset Users"], users=[user])
            case "items":
                item = {"itemId": name, "properties": '{"category": "red", "price": 1.0}'}
                self.api.put_items(datasetArn=self.shop["dataset Items"], items=[item])
            case _:
                action = {"actionId": name, "properties": '{"kind": "mail"}'}
                self.api.put_actions(datasetArn=self.shop["dataset Actions"], actions=[action])

    def _count(self, name: str) -> Value:
        events = rows(self.shop, "SELECT count(*) FROM events WHERE user_id = ?", name)
        records = rows(self.shop, "SELECT count(*) FROM records WHERE id = ?", name)
        return int(events[0][0]) + int(records[0][0])


def rows(shop: Shop, query: str, *values: str) -> list[tuple[Any, ...]]:
    """What the service's database says, read beside it."""
    file = shop.live.data_dir / FILE
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
        return list(connection.execute(query, values))


def wait_for_rest(describe: Callable[[], dict[str, Any]], seconds: float = 120) -> dict[str, Any] | None:
    """A resource once nothing is being done to it; None if it is gone."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            body = describe()
        except ClientError as error:
            gone(error)
            return None
        states = [body.get("status", "ACTIVE")]
        states += [
            update["status"]
            for name, update in body.items()
            if name.startswith("latest") and "Update" in name
        ]
        if not any(state.endswith(("PENDING", "IN_PROGRESS", "STOPPING")) for state in states):
            return body
        assert time.monotonic() < deadline, f"{body} does not come to rest"
        time.sleep(0.1)
