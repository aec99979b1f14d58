"""The JavaScript SDK drives the whole way, by the file that the documentation shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from localpersonalize.credentials import environment
from localpersonalize.protocol.sigv4 import Credentials
from tests.support.localpersonalize.live import BUCKET, KEY, REGION, SECRET, Live
from tests.support.packages import ROOT

PAGE = ROOT / "docs" / "sdks.md"


def block(language: str) -> str:
    match = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert match, language
    return match[1]


@pytest.mark.long
@pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="there is no Node")
def test_the_snippet_goes_from_a_file_to_recommendations(tmp_path: Path) -> None:
    packages = sorted(set(re.findall(r'from "(@aws-sdk/[^"]+)"', block("js"))))
    assert all(name in PAGE.read_text().partition("npm install")[2].partition("```")[0] for name in packages)
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", *packages]
    subprocess.run(install, cwd=tmp_path, check=True, timeout=300)
    (tmp_path / "snippet.mjs").write_text(block("js"))
    live = Live(tmp_path / "data").start()
    try:
        settings = environment(live.endpoint, Credentials(KEY, SECRET), REGION)
        done = subprocess.run(
            ["node", "snippet.mjs"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], **settings, "BUCKET": BUCKET, "ROLE_ARN": live.prepare()},
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr
        items = done.stdout.split()
        assert len(items) == 5
        assert {item[0] for item in items} == {"i"}
        tracker = live.personalize.list_event_trackers()["eventTrackers"][0]
        assert tracker["name"] == "js"
    finally:
        live.stop()
