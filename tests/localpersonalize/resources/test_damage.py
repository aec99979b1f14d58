"""What resources say when their files are damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize.disk.sealed import DamagedError
from localpersonalize.jobs import deployment
from localpersonalize.runtime.errors import ResourceNotFoundError
from tests.support.localpersonalize.damaged_shop import DamagedShop
from tests.support.localpersonalize.in_process import InProcessService


@pytest.fixture
def shop(service: InProcessService) -> DamagedShop:
    return DamagedShop(service)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3])


@pytest.mark.parametrize("name", ["users.npy", "items.arrow", "model.json", "checksums.json"])
def test_a_cut_model_costs_what_serves_it_and_says_so(shop: DamagedShop, name: str) -> None:
    version, folder = shop.trained()
    campaign = shop.campaign(version)
    cut(folder / name)
    for _ in range(2):  # when it is found, and from then on
        with pytest.raises(ResourceNotFoundError, match=name):
            shop.items(campaign)
    result = shop.describe("SolutionVersion", version)
    assert result["status"] == "CREATE FAILED"
    assert "Train a new solution version" in result["failureReason"]
    assert shop.describe("Solution", shop.solution)["latestSolutionVersion"]["status"] == "CREATE FAILED"
    broken = shop.describe("Campaign", campaign)
    assert broken["status"] == "CREATE FAILED"
    assert "Update the campaign" in broken["failureReason"]


def test_an_update_to_another_version_brings_a_campaign_back(shop: DamagedShop) -> None:
    version, folder = shop.trained()
    campaign = shop.campaign(version)
    cut(folder / "users.npy")
    with pytest.raises(ResourceNotFoundError):
        shop.items(campaign)
    whole, _ = shop.trained()
    shop.service.call("UpdateCampaign", campaignArn=campaign, solutionVersionArn=whole)
    deployment.redeploy(shop.context, shop.service.job("redeploy", campaign))
    assert shop.items(campaign) == ["a", "b"]
    result = shop.describe("Campaign", campaign)
    assert result["status"] == "ACTIVE"
    assert "failureReason" not in result


def test_a_missing_model_is_no_internal_error(shop: DamagedShop) -> None:
    version, folder = shop.trained()
    campaign = shop.campaign(version)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    with pytest.raises(ResourceNotFoundError, match="holds no model"):
        shop.items(campaign)


def test_damaged_data_costs_its_import_and_the_rest_serves(shop: DamagedShop) -> None:
    damaged = shop.imported("old")
    shop.imported("new")
    version, _ = shop.trained()
    campaign = shop.campaign(version)
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    assert shop.items(campaign) == ["a", "b"]
    data = shop.context.engine.data(shop.group)
    assert data.histories.items.get("item-of-new") >= 0
    assert data.histories.items.get("item-of-old") < 0
    jobs = {
        job["datasetImportJobArn"].split("/")[-1]: job
        for job in shop.service.call("ListDatasetImportJobs", datasetArn=shop.dataset)["datasetImportJobs"]
    }
    assert (jobs["old"]["status"], jobs["new"]["status"]) == ("CREATE FAILED", "ACTIVE")
    assert "Import the data again" in jobs["old"]["failureReason"]
    with pytest.raises(DamagedError):  # a training must not go on with a part of its data
        shop.context.tables.whole(shop.dataset)


def test_data_of_an_earlier_version_is_walked_through_before_it_is_believed(shop: DamagedShop) -> None:
    """Random bytes in an Arrow file ended the server, at each request and at each start."""
    file = shop.imported("old")
    (file.parent / "checksums.json").unlink()
    assert shop.context.tables.bulk(shop.dataset) is not None
    file = shop.imported("other")
    (file.parent / "checksums.json").unlink()
    content = bytearray(file.read_bytes())
    content[200:-200] = b"\xff" * (len(content) - 400)
    file.write_bytes(content)
    with pytest.raises(DamagedError, match="can't be read"):
        shop.context.tables.bulk(shop.dataset)
