"""`--init`: a service that is ready has what its folder describes; one whose folder fails is none."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.support.localpersonalize.live import ACCOUNT, Live
from tests.support.localpersonalize.shop import interactions, items

SCRIPT = """
import boto3, time
TRUST = '{"Version": "2012-10-17", "Statement": []}'
iam = boto3.client("iam")
iam.create_role(RoleName="by-script", AssumeRolePolicyDocument=TRUST)
time.sleep(2)
"""
RESOURCES = {
    "datasetGroups": [
        {
            "name": "shop",
            "datasets": {"Interactions": "data/interactions.csv", "Items": "data/items.csv"},
            "eventTracker": "clicks",
            "filters": {"reds": 'INCLUDE ItemID WHERE Items.CATEGORY IN ("red")'},
            "solutions": {"popular": {"recipe": "aws-popularity-count", "campaign": "front"}},
        }
    ]
}


def folder_with_resources(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "interactions.csv").write_text(interactions())
    (folder / "data" / "items.csv").write_text(items())
    (folder / "1-role.py").write_text(SCRIPT)
    (folder / "2-shop.json").write_text(json.dumps(RESOURCES))
    return folder


@pytest.mark.long
def test_what_is_ready_has_resources_and_data_at_each_start(tmp_path: Path) -> None:
    """And while the first file runs, requests are answered and `/healthz` says what it waits for."""
    folder = folder_with_resources(tmp_path / "init")
    live = Live(tmp_path / "data", "--init", str(folder))
    seen: list[dict[str, str]] = []

    def answers() -> bool:
        assert live.process
        assert live.process.poll() is None, live.log()
        try:
            with urlopen(live.endpoint + "/healthz", timeout=5):
                return True
        except HTTPError as error:
            seen.append(json.loads(error.read()))
        except OSError:
            pass
        return False

    live._answers = answers  # type: ignore[method-assign]
    for _ in range(2):
        live.start()
        try:
            runtime = live.client("personalize-runtime")
            front = f"arn:aws:personalize:us-east-1:{ACCOUNT}:campaign/front"
            reds = f"arn:aws:personalize:us-east-1:{ACCOUNT}:filter/reds"
            answer = runtime.get_recommendations(campaignArn=front, userId="u1", filterArn=reds)["itemList"]
            assert answer
            assert all(int(entry["itemId"][1:]) % 2 for entry in answer)
            assert len(live.personalize.list_dataset_import_jobs()["datasetImportJobs"]) == 2
            assert len(live.personalize.list_solutions()["solutions"]) == 1
            assert live.client("iam").get_role(RoleName="by-script")
        finally:
            live.stop()
        (folder / "1-role.py").unlink(missing_ok=True)
    assert {entry["status"] for entry in seen} == {"failing"}
    assert {entry["store"] for entry in seen} == {"ok"}
    assert any("--init" in entry["init"] for entry in seen)


def ended(tmp_path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localpersonalize", "--data-dir", str(tmp_path / "data"), "--port", "0"]
    return subprocess.run([*command, "--init", str(folder)], capture_output=True, text=True, timeout=60)


def test_a_script_that_fails_ends_the_server_with_its_name_and_status(tmp_path: Path) -> None:
    folder = tmp_path / "init"
    folder.mkdir()
    (folder / "1.sh").write_text("echo what it says itself >&2; exit 9")
    done = ended(tmp_path, folder)
    assert done.returncode == 1
    assert "what it says itself" in done.stderr
    assert done.stderr.rstrip().endswith(f"--init: {folder / '1.sh'} ended with exit status 9.")


def test_resources_that_cannot_be_made_are_named_with_the_reason(tmp_path: Path) -> None:
    folder = folder_with_resources(tmp_path / "init")
    (folder / "1-role.py").unlink()
    (folder / "data" / "interactions.csv").write_text("USER_ID,ITEM_ID\nu,i\n")
    done = ended(tmp_path, folder)
    assert done.returncode == 1
    assert "dataset group shop" in done.stderr
    assert "TIMESTAMP" in done.stderr


def test_a_server_that_is_ended_ends_the_script_too(tmp_path: Path) -> None:
    folder = tmp_path / "init"
    folder.mkdir()
    (folder / "1.sh").write_text("#!/bin/sh\ntouch begun\nexec sleep 60\n")
    live = Live(tmp_path / "data", "--init", str(folder))
    live._answers = lambda: (folder / "begun").exists()  # type: ignore[method-assign]
    live.start()
    begun = time.monotonic()
    live.stop()
    assert time.monotonic() - begun < 6
