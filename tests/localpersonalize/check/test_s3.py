"""What of S3 and IAM is damaged, and what is done about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize.aws import iam_journal
from localpersonalize.aws.iam_journal import Entry
from localpersonalize.aws.s3 import notes
from localpersonalize.aws.s3.folders import aws_folder
from localpersonalize.aws.s3.notes import Note, note_file
from localpersonalize.aws.s3.storage import Storage
from localpersonalize.aws.s3.uploads import Part
from localpersonalize.check.findings import Aside, Finding
from localpersonalize.check.s3 import findings
from localpersonalize.protocol.arns import AwsAccount

ENTRIES = [Entry({"REQUEST_METHOD": "POST", "PATH_INFO": "/"}, body) for body in (b"Action=A", b"Action=B")]


class Directory:
    """A bucket with a policy, two objects, an upload of two parts, two changes of IAM."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        storage = self.storage()
        storage.buckets.create("shop", "us-east-1")
        storage.buckets.set("shop", "policy", "{}")
        for key in ("a", "b"):
            file = storage.objects.new_file()
            file.write(key.encode() * 100)
            file.finish()
            storage.objects.put(Note("shop", key, file.file.name, 100, "e", notes.now()), file)
        self.upload = storage.uploads.begin("shop", "big")
        for number in (1, 2):
            file = storage.uploads.new_file(self.upload)
            file.write(b"part" * 10)
            file.finish()
            storage.uploads.put_part(self.upload, Part(number, file.file.name, 40, "e", notes.now()), file)
        self.journal.write_bytes(iam_journal.lines(ENTRIES))

    @property
    def folder(self) -> Path:
        return aws_folder(self.data_dir)

    @property
    def journal(self) -> Path:
        return self.folder / iam_journal.FILE

    @property
    def note(self) -> Path:
        return note_file(self.folder / "objects", "shop", "a")

    @property
    def content(self) -> Path:
        return self.folder / "objects" / notes.read(self.note).file

    def storage(self) -> Storage:
        return Storage(self.folder, AwsAccount())

    def check(self) -> list[Finding]:
        return list(findings(self.data_dir, "us-east-1", Aside(self.data_dir)))

    def repair(self) -> str:
        """What was said to be lost."""
        result = self.check()
        for finding in result:
            assert finding.repair
            finding.repair()
        assert self.check() == []
        return "; ".join(finding.lost for finding in result)

    def keys(self) -> list[str]:
        storage = self.storage()
        storage.objects.read_index()
        return [entry.key for entry in storage.objects.index.page("shop", "", "", "", 9)[0]]


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory(tmp_path)


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_nothing_is_found_where_nothing_is_damaged(directory: Directory) -> None:
    assert directory.check() == []


def test_bytes_that_are_damaged_cost_their_object(directory: Directory) -> None:
    flip(directory.content)
    assert directory.repair() == "s3://shop/a: put it again"
    assert directory.keys() == ["b"]


def test_the_bytes_of_a_damaged_note_are_kept(directory: Directory) -> None:
    """The server would have taken them for the rest of an upload that broke off, and removed them."""
    content = directory.content
    flip(directory.note)
    directory.repair()
    assert directory.keys() == ["b"]
    (file,) = (directory.data_dir / "damaged").glob("*/standin/objects/*.data")
    assert (file.name, file.read_bytes()) == (content.name, b"a" * 100)


@pytest.mark.parametrize("is_missing", [True, False])
def test_a_bucket_stays_without_what_was_set_on_it(directory: Directory, is_missing: bool) -> None:
    file = directory.folder / "buckets" / "shop.json"
    file.unlink() if is_missing else flip(file)
    assert "policy" in directory.repair()
    assert directory.storage().buckets.require("shop").documents == {}
    assert directory.keys() == ["a", "b"]


@pytest.mark.parametrize("suffix", [".json", ".data"])
def test_a_part_costs_itself(directory: Directory, suffix: str) -> None:
    upload = directory.folder / "uploads" / directory.upload.upload_id
    file = sorted(upload.glob("*.data"))[0] if suffix == ".data" else upload / "00002.json"
    flip(file)
    assert "of an unfinished upload" in directory.repair()
    assert len(directory.storage().uploads.parts(directory.upload)) == 1


def test_an_upload_without_its_note_is_given_up(directory: Directory) -> None:
    flip(directory.folder / "uploads" / directory.upload.upload_id / "upload.json")
    assert directory.repair() == "an unfinished upload"


def test_an_empty_log_is_a_lost_one(directory: Directory) -> None:
    directory.journal.write_bytes(b"")
    assert directory.repair().startswith("all roles")


def test_a_torn_line_of_the_log_is_cut_off(directory: Directory) -> None:
    with open(directory.journal, "ab") as file:
        file.write(b'{"environ": {"REQ')
    assert directory.repair().startswith("1 of 3 changes")
    assert iam_journal.read(directory.journal) == ENTRIES
