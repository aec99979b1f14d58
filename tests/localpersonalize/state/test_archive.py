"""An archive gives back what was saved, or nothing: whatever was cut off, changed or put into it."""

from __future__ import annotations

import gzip
import io
import random
import shutil
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from localpersonalize.database import FILE
from localpersonalize.disk.lock import DataDirectoryError
from localpersonalize.protocol.arns import AwsAccount
from localpersonalize.state import archive, content
from localpersonalize.state.errors import ArchiveError
from tests.support.localpersonalize.damaged_shop import DamagedShop
from tests.support.localpersonalize.in_process import InProcessService

ACCOUNT = AwsAccount()


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def shop(tmp_path: Path) -> DamagedShop:
    (tmp_path / "live").mkdir()
    shop = DamagedShop(InProcessService(tmp_path / "live"))
    shop.imported("a")
    shop.trained()
    return shop


@pytest.fixture
def saved(shop: DamagedShop, tmp_path: Path) -> Path:
    """The archive of a shop."""
    staged = tmp_path / "staged"
    staged.mkdir()
    content.copy(shop.context.data_dir, shop.context.database, staged)
    archive.write(staged, ACCOUNT, tmp_path / "archive")
    return tmp_path / "archive"


def read(file: Path, account: AwsAccount = ACCOUNT) -> dict[str, bytes]:
    folder = file.with_name("read")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    archive.read(file, account, folder)
    return files(folder)


def rewritten(
    file: Path, change: Callable[[tarfile.TarInfo, bytes], list[tuple[tarfile.TarInfo, bytes]]]
) -> None:
    """Let an archive have other members."""
    target = io.BytesIO()
    with tarfile.open(file, "r:gz") as old, tarfile.open(fileobj=target, mode="w:gz") as new:
        for info in old:
            source = old.extractfile(info)
            assert source is not None
            for info_, text in change(info, source.read()):
                info_.size = len(text)
                new.addfile(info_, io.BytesIO(text))
    file.write_bytes(target.getvalue())


def test_what_was_saved_comes_back(shop: DamagedShop, saved: Path) -> None:
    live, got = files(shop.context.data_dir), read(saved)
    for name, bytes_ in live.items():
        if name.startswith(("datasets/", "models/")):
            assert got[name] == bytes_
    assert FILE in got
    assert any(name.startswith("datasets/") for name in got)
    assert any(name.startswith("models/") for name in got)


def test_no_cut_off_or_changed_archive_is_read(saved: Path) -> None:
    """A bit may also change how gzip says the same, such as from where it copies zeros: then all is there."""
    whole, state, chance = saved.read_bytes(), read(saved), random.Random(3)
    for _ in range(25):
        position = chance.randrange(len(whole))
        changed = bytearray(whole)
        changed[position] ^= 1 << chance.randrange(8)
        saved.write_bytes(changed)
        with suppress(ArchiveError):
            assert read(saved) == state
        saved.write_bytes(whole[:position])
        with pytest.raises(ArchiveError):
            read(saved)


def test_members_that_agree_with_gzip_but_not_with_the_list(saved: Path) -> None:
    rewritten(
        saved, lambda info, text: [(info, text[:-1] + b"x" if info.name.startswith("models/") else text)]
    )
    with pytest.raises(ArchiveError, match=r"models/.* is not what was saved"):
        read(saved)


def test_a_member_that_is_missing_or_there_twice(saved: Path) -> None:
    before = saved.read_bytes()
    rewritten(saved, lambda info, text: [] if info.name == FILE else [(info, text)])
    with pytest.raises(ArchiveError, match=f"{FILE} is not what was saved"):
        read(saved)
    saved.write_bytes(before)
    rewritten(saved, lambda info, text: [(info, text)] * (2 if info.name == FILE else 1))
    with pytest.raises(ArchiveError, match="twice"):
        read(saved)


@pytest.mark.parametrize(
    "name",
    ["../outside", "/etc/passwd", "datasets/../../outside", "credentials", "models", "standin/a b", "lock"],
)
def test_nothing_is_written_beside_the_state(saved: Path, tmp_path: Path, name: str) -> None:
    rewritten(
        saved,
        lambda info, text: (
            [(tarfile.TarInfo(name), b"x"), (info, text)] if info.name == FILE else [(info, text)]
        ),
    )
    before = files(tmp_path)
    with pytest.raises(ArchiveError, match="no file of a state"):
        read(saved)
    assert not {n for n in files(tmp_path) if "outside" in n} - set(before)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_only_plain_files_are_taken(saved: Path, kind: bytes) -> None:
    other = tarfile.TarInfo("models/link")
    other.type, other.linkname = kind, "/etc/passwd"
    rewritten(saved, lambda info, text: [(other, b""), (info, text)] if info.name == FILE else [(info, text)])
    with pytest.raises(ArchiveError, match="no file of a state"):
        read(saved)


def test_what_is_no_archive_of_a_state(saved: Path) -> None:
    for bytes_ in (b"", b"PK\3\4", gzip.compress(b""), gzip.compress(b"x" * 2000)):
        saved.write_bytes(bytes_)
        with pytest.raises(ArchiveError):
            read(saved)


def test_another_account_or_region_is_told_how_to_start(saved: Path) -> None:
    with pytest.raises(ArchiveError, match=f"--account {ACCOUNT.number} --region {ACCOUNT.region}"):
        read(saved, AwsAccount("eu-west-1", ACCOUNT.number))
    with pytest.raises(ArchiveError, match=f"--account {ACCOUNT.number}"):
        read(saved, AwsAccount(ACCOUNT.region, "999999999999"))


def test_what_was_damaged_before_it_was_saved_is_refused_by_name(shop: DamagedShop, tmp_path: Path) -> None:
    data = shop.imported("b")
    data.write_bytes(b"x" * data.stat().st_size)
    staged = tmp_path / "staged"
    staged.mkdir()
    content.copy(shop.context.data_dir, shop.context.database, staged)
    archive.write(staged, ACCOUNT, tmp_path / "archive")
    with pytest.raises(ArchiveError, match=r"datasets/.*/b") as raised:
        read(tmp_path / "archive")
    assert str(tmp_path) not in str(raised.value)


def test_an_archive_of_a_newer_version_is_refused(shop: DamagedShop, tmp_path: Path) -> None:
    with shop.context.database.transaction() as connection:
        connection.execute("PRAGMA user_version = 99")
    staged = tmp_path / "staged"
    staged.mkdir()
    content.copy(shop.context.data_dir, shop.context.database, staged)
    archive.write(staged, ACCOUNT, tmp_path / "archive")
    with pytest.raises((ArchiveError, DataDirectoryError), match="newer"):
        read(tmp_path / "archive")
