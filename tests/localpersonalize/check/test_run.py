"""`localpersonalize check`, as it is called."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from localpersonalize import credentials
from localpersonalize.aws.s3.folders import aws_folder
from localpersonalize.database import FILE
from localpersonalize.disk.lock import owned
from tests.support.localpersonalize.damaged_shop import DamagedShop
from tests.support.localpersonalize.in_process import InProcessService


def check(data_dir: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localpersonalize", "check", "--data-dir", str(data_dir), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture
def shop(tmp_path: Path) -> DamagedShop:
    shop = DamagedShop(InProcessService(tmp_path))
    shop.imported("a")
    credentials.load(tmp_path, {})
    (aws_folder(tmp_path) / "buckets").mkdir(parents=True)
    (aws_folder(tmp_path) / "buckets" / "shop.json").write_text(
        '{"name": "shop", "created": "x", "region": "r"}'
    )
    return shop


def test_a_whole_directory_has_nothing(shop: DamagedShop) -> None:
    shop.context.database.close()
    done = check(shop.context.data_dir)
    assert (done.returncode, done.stdout) == (0, "Nothing is damaged.\n"), done.stderr


def test_one_pass_lists_one_mends_and_then_there_is_nothing(shop: DamagedShop) -> None:
    data_dir = shop.context.data_dir
    folder = shop.context.tables.version_folder(shop.dataset, "a")
    shop.context.database.close()
    bucket = aws_folder(data_dir) / "buckets/shop.json"
    files = [folder / "data.arrow", data_dir / "credentials", bucket]
    for file in files:
        file.write_bytes(b"\0" * file.stat().st_size)
    listed = check(data_dir)
    assert listed.returncode == 1
    for file in files:
        assert (str(file) if file.name != "data.arrow" else str(folder)) in listed.stdout
    assert listed.stdout.rstrip().endswith("3 damaged. `--repair` mends what can be mended.")
    assert check(data_dir).stdout == listed.stdout  # nothing was done
    mended = check(data_dir, "--repair")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert mended.stdout.count("  lost: ") == mended.stdout.count("  done: ") == 3
    assert check(data_dir).stdout == "Nothing is damaged.\n"


def test_a_database_comes_first(shop: DamagedShop) -> None:
    data_dir = shop.context.data_dir
    shop.context.database.close()
    (data_dir / FILE).write_bytes(random.Random(0).randbytes(9000))
    listed = check(data_dir)
    assert "once the database is repaired" in listed.stdout
    assert check(data_dir, "--repair").returncode == 0
    assert check(data_dir).stdout == "Nothing is damaged.\n"


def test_a_directory_that_is_served_or_is_none_is_refused(shop: DamagedShop, tmp_path: Path) -> None:
    with owned(shop.context.data_dir):
        refused = check(shop.context.data_dir, "--repair")
    assert refused.returncode == 1
    assert "is in use by another localpersonalize" in refused.stderr
    none = check(tmp_path / "standin-of-nobody")
    assert none.returncode == 2
    assert "is not a data directory" in " ".join(none.stderr.replace("│", " ").split())


def test_quotas_are_their_owners_to_mend(shop: DamagedShop) -> None:
    shop.context.database.close()
    (shop.context.data_dir / "quotas.toml").write_bytes(b"\xff\0")
    done = check(shop.context.data_dir, "--repair")
    assert done.returncode == 1
    assert "mend them by hand" in done.stdout
