"""The README's quick start as it stands there, from an empty environment to recommendations, timed."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest

from localpersonalize.sdk.process import wait_until_ready
from tests.support.packages import LOCALPERSONALIZE, ROOT

pytestmark = pytest.mark.long


def _block(language: str) -> str:
    """The first of a language below the heading."""
    text = (LOCALPERSONALIZE.folder / "README.md").read_text().partition("## Quick start\n")[2]
    match = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert match, language
    return match[1]


@pytest.mark.timeout(1500)
def test_the_quick_start_leads_to_recommendations(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    install, serve = _block("").strip().splitlines()
    assert install == "pip install ./localpersonalize"
    subprocess.run(
        ["uv", "venv", "--quiet", "--seed", str(tmp_path / "venv")], check=True, env=_environment()
    )
    env = {**_environment(), "PATH": f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    times = [time.monotonic()]
    command = install.replace("./localpersonalize", str(LOCALPERSONALIZE.folder))
    locked = f"{command} --quiet --constraint {ROOT / 'requirements/dev.txt'}"
    subprocess.run(["bash", "-ec", locked], check=True, env=env, cwd=tmp_path)
    times.append(time.monotonic())
    started = f"exec {serve.removesuffix('&')} --port {port}"
    process = subprocess.Popen(["bash", "-ec", started], env=env, cwd=tmp_path)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", lambda: process.poll() is not None, lambda: "")
        times.append(time.monotonic())
        code = _block("python").replace("4580", str(port))
        done = subprocess.run(["python", "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True)
        times.append(time.monotonic())
    finally:
        process.terminate()
        process.wait(30)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"'i\d+'", done.stdout)) == 5, done.stdout
    install_s, ready_s, answer_s = (end - begin for begin, end in pairwise(times))
    with capsys.disabled():
        print(
            f"\nquick start: installed in {install_s:.0f} s, ready in {ready_s:.1f} s,"
            f" recommendations in {answer_s:.0f} s; {sum((install_s, ready_s, answer_s)):.0f} s in all"
        )


def _environment() -> dict[str, str]:
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW", "AWS_", "PYTHON"))
    }
    return {**env, "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{env['PATH']}"}
