"""The state of each earlier release, kept as an archive, is read by this one, and goes on.

`tests/upgrade/make_archive.py` says how the archive of the next release is made.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from encore import batch_costs, cost, history
from encore.config import load_pipeline
from encore.report.page import page
from tests.support.localpersonalize.live import BUCKET as SHOP
from tests.support.localpersonalize.live import Live
from tests.support.permitted_account import BUCKET, pipeline
from tests.support.permitted_run import PermittedRun, make_database
from tests.upgrade.make_archive import ARCHIVES, MOST_BYTES
from tests.upgrade.release_state import GROUP, answers, connection, resources

FILES = sorted(ARCHIVES.glob("*.tar.xz"))


def test_there_is_an_archive_and_each_is_small():
    assert FILES
    assert [file.name for file in FILES if file.stat().st_size > MOST_BYTES] == []


@pytest.fixture(scope="module", params=FILES, ids=lambda file: file.name)
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The state of a release, behind a server of this one."""
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(request.param) as archive:
        archive.extractall(folder, filter="data")
    expected = json.loads((folder / "expected.json").read_text())
    live = Live(folder / "data").start()
    try:
        yield SimpleNamespace(folder=folder, expected=expected, live=live)
    finally:
        live.stop()


@pytest.mark.long
def test_every_campaign_recommends_what_it_did_and_nothing_is_lost(release):
    assert release.expected["answers"].keys() >= {"front u0", "related u7", "rank u31", "front without red"}
    assert answers(release.live) == release.expected["answers"]
    assert resources(release.live) == release.expected["resources"]


@pytest.mark.long
def test_the_application_reads_history_costs_and_the_pipeline_files(release, monkeypatch):
    rows = history.read(release.live.s3, BUCKET, GROUP)
    written = release.expected["run"]["history"]
    read = [{name: row[name] for name in ("solution", "outcome", "metrics")} for row in rows]
    assert sorted(json.dumps(row, sort_keys=True) for row in read) == sorted(
        json.dumps(row, sort_keys=True) for row in written
    )
    batch = batch_costs.read(release.live.s3, BUCKET, GROUP)
    assert [(row["job"], row["usd"]) for row in batch] == [("all", 0.25)]
    assert cost.of_month(rows, rows[-1]["recorded_at"].date(), batch).usd > 0
    assert "you" in page(rows, GROUP, batch=batch)
    include = release.folder / "shipped_include"
    monkeypatch.setenv("ENCORE_INCLUDE", str(include))
    groups = load_pipeline(include / "pipeline.yaml").dataset_groups
    raw = yaml.safe_load((include / "pipeline.yaml").read_text())
    assert [group.name for group in groups] == [group["name"] for group in raw["dataset_groups"]]


@pytest.mark.long
def test_the_next_run_goes_on_from_the_exports_and_moves_the_same_campaign(release, tmp_path, monkeypatch):
    live, group = release.live, pipeline(GROUP).dataset_groups[0]
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(live))
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", make_database(tmp_path / "product.db"))
    monkeypatch.setenv("ENCORE_INCLUDE", str(release.folder / "include"))
    before = exported_days(live)
    run = PermittedRun(group, run_id="manual__after_the_upgrade")
    for step in (run.preflight, run.load, run.train, run.ask_in_batch):
        step()
    assert run.campaign == release.expected["run"]["campaign"]
    assert run.version != release.expected["run"]["version"]
    serves = live.personalize.describe_campaign(campaignArn=run.campaign)["campaign"]["solutionVersionArn"]
    assert serves == run.version
    # What it imported is what the release has exported, and yesterday.
    assert exported_days(live) >= before
    bucket, prefix = run.location.removeprefix("s3://").split("/", 1)
    files = live.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    imported = {day for day in exported_days(live) for entry in files if day in entry["Key"]}
    assert imported == exported_days(live)


@pytest.mark.long
def test_events_that_only_the_service_has_are_kept_and_further_ones_are_taken(release):
    live = release.live
    event = {"eventType": "Purchase", "itemId": "i5", "sentAt": 1_700_000_100}
    tracking = {"trackingId": release.expected["tracking_id"], "userId": "u1", "sessionId": "s"}
    live.client("personalize-events").put_events(**tracking, eventList=[event])
    datasets = live.personalize.list_datasets()["datasets"]
    (dataset,) = (entry["datasetArn"] for entry in datasets if entry["name"] == "Interactions")
    role = live.client("iam").get_role(RoleName="personalize")["Role"]["Arn"]
    live.make(
        "DatasetExportJob",
        jobName="events",
        datasetArn=dataset,
        ingestionMode="PUT",
        roleArn=role,
        jobOutput={"s3DataDestination": {"path": f"s3://{SHOP}/events/"}},
    )
    files = live.s3.list_objects_v2(Bucket=SHOP, Prefix="events/")["Contents"]
    text = "".join(
        live.s3.get_object(Bucket=SHOP, Key=entry["Key"])["Body"].read().decode() for entry in files
    )
    rows = {line.split(",")[0] + " " + line.split(",")[1] for line in text.splitlines()}
    assert {"u0 i3", "u1 i5"} <= rows, text


def exported_days(live: Live) -> set[str]:
    listed = live.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{GROUP}/interactions/dt=")["Contents"]
    return {entry["Key"].split("dt=")[1].split("/")[0] for entry in listed}
