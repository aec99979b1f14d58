"""A second server on the data directory of a first."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.localpersonalize.live import BUCKET, Live

UPLOADS = 300


def second(data_dir: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localpersonalize", *options, "--data-dir", str(data_dir)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_second_ends_with_a_sentence_and_the_first_loses_nothing(tmp_path: Path) -> None:
    """275 of 1,836 uploads were lost this way: the second took those under way for leftovers."""
    first = Live(tmp_path / "data").start()
    try:
        first.s3.create_bucket(Bucket=BUCKET)
        names = [f"objects/{number}" for number in range(UPLOADS)]
        with ThreadPoolExecutor(9) as pool:
            ends = [pool.submit(second, first.data_dir, "--port", "0") for _ in range(3)]
            uploads = [
                pool.submit(first.s3.put_object, Bucket=BUCKET, Key=key, Body=key.encode() * 100)
                for key in names
            ]
            for upload in uploads:
                upload.result()
        assert first.process
        for ended in (end.result() for end in ends):
            assert ended.returncode == 1
            (sentence,) = ended.stderr.strip().splitlines()
            assert f"{first.data_dir} is in use" in sentence
            assert f"process {first.process.pid}" in sentence
        first.kill()
        first.start()  # the lock of a killed server holds nobody up
        for key in names:
            assert first.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == key.encode() * 100
    finally:
        first.stop()


def test_a_port_that_is_taken_ends_the_second_before_it_opens_anything(tmp_path: Path) -> None:
    first = Live(tmp_path / "data").start()
    try:
        ended = second(tmp_path / "other", "--port", str(first.port))
        assert ended.returncode == 2
        assert f"port {first.port}" in ended.stderr
        assert [file.name for file in (tmp_path / "other").iterdir()] == ["lock"]
    finally:
        first.stop()
