"""One version of an object, whole, whoever writes meanwhile; and what is left of writes that fail."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from localpersonalize import private_files
from localpersonalize.aws.s3 import notes
from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.aws.s3.notes import Note
from localpersonalize.aws.s3.objects import NewFile, ObjectStore
from tests.support.localpersonalize.live import code
from tests.support.localpersonalize.s3_server import S3Server, wait_until


def test_readers_beside_a_writer_get_one_version_whole(server: S3Server, s3: Any, bucket: str) -> None:
    """O1: bytes, ETag and length are of the same version, whether the object is small or sent in pieces."""
    versions = {
        hashlib.md5(content).hexdigest(): content
        for content in (bytes([number]) * (200_000 * (number + 1)) for number in range(8))
    }
    contents = list(versions.values())
    s3.put_object(Bucket=bucket, Key="k", Body=contents[0])
    until = time.monotonic() + 8
    wrong: list[str] = []
    reads = [0]

    def write() -> None:
        client, number = server.client(), 0
        while time.monotonic() < until:
            number += 1
            client.put_object(Bucket=bucket, Key="k", Body=contents[number % len(contents)])

    def read() -> None:
        client = server.client()
        while time.monotonic() < until:
            answer = client.get_object(Bucket=bucket, Key="k")
            content = answer["Body"].read()
            if versions.get(answer["ETag"].strip('"')) != content or answer["ContentLength"] != len(content):
                wrong.append(answer["ETag"])
            reads[0] += 1

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(write), *(pool.submit(read) for _ in range(3))]:
            future.result()
    assert wrong == []
    assert reads[0] > 50


@pytest.mark.parametrize("rounds", [40, pytest.param(500, marks=pytest.mark.long)])
def test_of_eight_that_put_if_there_is_none_one_wins(
    s3: Any, server: S3Server, bucket: str, rounds: int
) -> None:
    """O6."""
    clients = [server.client() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for number in range(rounds):
            barrier = threading.Barrier(8)

            def put(
                number_of_client: int, key: str = f"k{number}", barrier: threading.Barrier = barrier
            ) -> str:
                barrier.wait()
                body = str(number_of_client).encode()
                return code(
                    lambda: clients[number_of_client].put_object(
                        Bucket=bucket, Key=key, Body=body, IfNoneMatch="*"
                    )
                )

            outcomes = list(pool.map(put, range(8)))
            assert sorted(outcomes) == ["", *["PreconditionFailed"] * 7]
            winner = s3.get_object(Bucket=bucket, Key=f"k{number}")["Body"].read()
            assert winner == str(outcomes.index("")).encode()


def test_a_bucket_is_not_deleted_under_a_write(s3: Any, server: S3Server) -> None:
    """Whoever comes first: never an object without a bucket."""
    clients = [server.client(), server.client()]
    for _ in range(20):
        s3.create_bucket(Bucket="raced")
        with ThreadPoolExecutor(2) as pool:
            put = pool.submit(code, lambda: clients[0].put_object(Bucket="raced", Key="k", Body=b"x"))
            delete = pool.submit(code, lambda: clients[1].delete_bucket(Bucket="raced"))
        assert (put.result(), delete.result()) in (("", "BucketNotEmpty"), ("NoSuchBucket", ""))
        if not put.result():
            s3.delete_object(Bucket="raced", Key="k")
            s3.delete_bucket(Bucket="raced")


class TestStore:
    """Without HTTP."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        store = ObjectStore(tmp_path, lambda _: True)
        store.read_index()
        return store

    def put(self, store: ObjectStore, content: bytes, key: str = "k") -> None:
        file = store.new_file()
        try:
            file.write(content)
            file.finish()
            etag = hashlib.md5(content).hexdigest()
            store.put(Note("b", key, file.file.name, len(content), etag, notes.now()), file)
        finally:
            file.discard()

    def get(self, store: ObjectStore, key: str = "k") -> bytes:
        opened = store.open("b", key)
        with opened.source:
            return opened.read_at(0, opened.note.size) if opened.note.size else b""

    def test_an_open_object_is_the_version_it_was(self, store: ObjectStore) -> None:
        self.put(store, b"first")
        opened = store.open("b", "k")
        self.put(store, b"second")
        store.delete("b", ["k"])
        with opened.source:
            assert opened.read_at(0, 5) == b"first"

    def test_a_version_leaves_nothing_of_the_one_before(self, store: ObjectStore) -> None:
        for content in (b"first", b"second"):
            self.put(store, content)
        assert len(list(store.folder.iterdir())) == 2
        store.delete("b", ["k"])
        assert list(store.folder.iterdir()) == []

    @pytest.mark.parametrize("step", ["write", "fsync", "replace"])
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
    def test_what_cannot_be_overwritten_keeps_its_bytes(
        self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch, step: str, number: int
    ) -> None:
        self.put(store, b"old")

        def fail(*_: Any) -> None:
            raise OSError(number, os.strerror(number))

        target = {
            "write": (NewFile, "write"),
            "fsync": (private_files.os, "fsync"),
            "replace": (private_files.os, "replace"),
        }
        monkeypatch.setattr(*target[step], fail)
        with pytest.raises(OSError, match=os.strerror(number)):
            self.put(store, b"new")
        monkeypatch.undo()
        assert self.get(store) == b"old"
        assert len(list(store.folder.iterdir())) == 2

    def test_files_are_flushed_before_they_are_named_and_then_their_folder(
        self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps: list[str] = []
        flush, replace = os.fsync, os.replace

        def flushed(descriptor: int) -> None:
            name = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
            steps.append("flush folder" if name.is_dir() else f"flush {name.suffix}")
            flush(descriptor)

        def replaced(source: Any, target: Any) -> None:
            steps.append("name note")
            replace(source, target)

        monkeypatch.setattr(os, "fsync", flushed)
        monkeypatch.setattr(os, "replace", replaced)
        self.put(store, b"x")
        assert steps == ["flush .data", "flush .partial", "name note", "flush folder"]

    def test_what_a_kill_left_behind_is_removed_and_what_it_names_is_kept(self, store: ObjectStore) -> None:
        self.put(store, b"kept")
        for name in ("0.data", "1.json.2.partial"):
            (store.folder / name).write_bytes(b"cut off")
        reopened = ObjectStore(store.folder, lambda _: True)
        self.put(reopened, b"new, before the index is read", key="other")
        reopened.read_index()
        assert self.get(reopened) == b"kept"
        assert self.get(reopened, "other") == b"new, before the index is read"
        assert len(list(store.folder.iterdir())) == 4

    @pytest.mark.parametrize("damage", [b"", b"\0" * 40, b"{}", b'{"bucket": 1}', b"[" * 9000])
    def test_a_damaged_note_costs_its_object_alone(self, store: ObjectStore, damage: bytes) -> None:
        for key in ("k", "other"):
            self.put(store, b"x", key)
        notes.note_file(store.folder, "b", "k").write_bytes(damage)
        reopened = ObjectStore(store.folder, lambda _: True)
        reopened.read_index()
        with pytest.raises(S3Error, match="is damaged"):
            reopened.open("b", "k")
        assert self.get(reopened, "other") == b"x"
        assert [entry.key for entry in reopened.index.page("b", "", "", "", 9)[0]] == ["other"]
        self.put(reopened, b"put again")
        assert self.get(reopened) == b"put again"

    @pytest.mark.parametrize("damage", ["cut", "longer", "gone", "flipped", "zeroed"])
    def test_bytes_that_are_not_those_of_the_note_are_an_error_that_says_so(
        self, store: ObjectStore, damage: str
    ) -> None:
        self.put(store, b"12345")
        file = next(store.folder.glob("*.data"))
        if damage == "gone":
            file.unlink()
        else:
            ways = {"cut": b"1234", "longer": b"123456", "flipped": b"12\xb345", "zeroed": bytes(5)}
            file.write_bytes(ways[damage])
        reopened = ObjectStore(store.folder, lambda _: True)
        reopened.open("b", "k", verify=False).source.close() if damage in ("flipped", "zeroed") else None
        with pytest.raises(S3Error, match="data directory is damaged") as raised:
            self.get(reopened)
        assert raised.value.status == 500

    def test_a_flipped_bit_in_a_note_is_found_or_changes_nothing(self, store: ObjectStore) -> None:
        self.put(store, b"12345")
        file = notes.note_file(store.folder, "b", "k")
        content, whole = file.read_bytes(), store.require("b", "k")
        for position in range(len(content)):
            flipped = bytearray(content)
            flipped[position] ^= 1 << position % 8
            file.write_bytes(flipped)
            with suppress(S3Error):
                assert store.require("b", "k") == whole

    def test_bytes_are_compared_with_their_checksum_once(
        self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.put(store, b"12345")
        reopened = ObjectStore(store.folder, lambda _: True)
        compared: list[str] = []
        has_its_bytes = notes.has_its_bytes

        def noted(note: Note, descriptor: int) -> bool:
            compared.append(note.key)
            return has_its_bytes(note, descriptor)

        monkeypatch.setattr(notes, "has_its_bytes", noted)
        for opened in (store, reopened, reopened):  # the first one has written it itself
            self.get(opened)
        assert compared == ["k"]

    def test_lists_wait_for_the_index_and_nothing_else_does(self, store: ObjectStore) -> None:
        self.put(store, b"x")
        reopened = ObjectStore(store.folder, lambda _: True)
        assert self.get(reopened) == b"x"
        self.put(reopened, b"y", "other")
        reopened.delete("b", ["k"])
        listed: list[list[str]] = []
        thread = threading.Thread(
            target=lambda: listed.append([e.key for e in reopened.index.page("b", "", "", "", 9)[0]]),
            daemon=True,
        )
        thread.start()
        thread.join(0.2)
        assert listed == []
        reopened.read_index()
        wait_until(lambda: listed == [["other"]], "the list")

    def test_notes_of_an_older_data_directory_are_read(self, store: ObjectStore) -> None:
        import json

        (store.folder / "00.data").write_bytes(b"12345")
        entry = {
            "bucket": "b",
            "key": "old",
            "file": "00.data",
            "size": 5,
            "etag": "e-2",
            "modified": "2026-01-02T03:04:05.678000",
            "storage": "STANDARD",
            "metadata": {"Content-Type": "text/csv", "x-amz-meta-rows": "1"},
            "checksum": {"checksum_algorithm": None, "checksum_value": None},
            "tags": {"a": "b"},
        }
        notes.note_file(store.folder, "b", "old").write_text(json.dumps(entry))
        reopened = ObjectStore(store.folder, lambda _: True)
        reopened.read_index()
        assert self.get(reopened, "old") == b"12345"
        note = reopened.require("b", "old")
        assert (note.metadata, note.tags, note.checksum) == (
            {"content-type": "text/csv", "x-amz-meta-rows": "1"},
            {"a": "b"},
            {},
        )
        assert note.modified_at.isoformat() == "2026-01-02T03:04:05.678000+00:00"


def test_a_bucket_without_its_file_comes_back_with_its_objects(tmp_path: Path) -> None:
    server = S3Server(tmp_path).start()
    server.client().create_bucket(Bucket="lost")
    server.client().create_bucket(Bucket="gone")
    server.client().put_object(Bucket="lost", Key="k", Body=b"x")
    server.stop()
    (tmp_path / "buckets/lost.json").unlink()
    (tmp_path / "buckets/gone.json").unlink()
    restarted = S3Server(tmp_path).start()
    try:
        wait_until(lambda: restarted.storage.buckets.has("lost"), "the bucket")
        assert restarted.client().get_object(Bucket="lost", Key="k")["Body"].read() == b"x"
        assert not restarted.storage.buckets.has("gone")
    finally:
        restarted.stop()


def test_a_restart_keeps_what_was_put_and_needs_no_time_for_it(tmp_path: Path) -> None:
    server = S3Server(tmp_path).start()
    s3 = server.client()
    s3.create_bucket(Bucket="many")
    file = server.storage.objects.new_file()
    file.finish()
    file.named()
    for number in range(4500):  # as the server leaves them, without its requests
        key = f"k{number:05}"
        note = Note("many", key, file.file.name, 0, "e", notes.now())
        notes.note_file(server.storage.objects.folder, "many", key).write_bytes(note.to_json())
    server.stop()
    began = time.monotonic()
    server.start()
    try:
        s3.head_object(Bucket="many", Key="k00001")
        assert time.monotonic() - began < 1.5
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="many")
        assert sum(page["KeyCount"] for page in pages) == 4500
    finally:
        server.stop()
