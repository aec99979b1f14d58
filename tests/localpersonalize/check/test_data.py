"""Versions of datasets and models that are damaged: what is said, and what is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize.check.data import DataCheck
from localpersonalize.check.findings import Aside, Finding
from localpersonalize.runtime.errors import ResourceNotFoundError
from tests.support.localpersonalize.damaged_shop import DamagedShop
from tests.support.localpersonalize.in_process import InProcessService


@pytest.fixture
def shop(tmp_path: Path) -> DamagedShop:
    return DamagedShop(InProcessService(tmp_path))


def check(shop: DamagedShop) -> list[Finding]:
    context = shop.context
    return list(
        DataCheck(context.data_dir, context.database, context.tables, Aside(context.data_dir)).findings()
    )


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def repair(shop: DamagedShop) -> str:
    """Mend the one thing that is found; what was done."""
    (finding,) = check(shop)
    assert finding.repair
    done = finding.repair()
    assert check(shop) == []
    return done


def test_nothing_is_found_where_nothing_is_damaged(shop: DamagedShop) -> None:
    shop.imported("a")
    shop.trained()
    assert check(shop) == []


@pytest.mark.parametrize("way", ["flipped", "missing"])
def test_a_dataset_goes_on_without_what_is_lost(shop: DamagedShop, way: str) -> None:
    lost = shop.imported("old")
    shop.imported("new")
    flip(lost) if way == "flipped" else lost.unlink()
    (finding,) = check(shop)
    assert "importMode FULL" in finding.lost
    repair(shop)
    whole = shop.context.tables.whole(shop.dataset)
    assert whole is not None
    assert whole["ITEM_ID"].to_pylist() == ["item-of-new"]
    jobs = shop.service.call("ListDatasetImportJobs")["datasetImportJobs"]
    assert [job["status"] for job in jobs] == ["CREATE FAILED", "ACTIVE"]


def test_a_model_takes_its_campaign_along(shop: DamagedShop) -> None:
    version, folder = shop.trained()
    campaign = shop.campaign(version)
    flip(folder / "users.npy")
    assert "moved to" in repair(shop)
    assert shop.service.status(version) == "CREATE FAILED"
    assert shop.service.status(campaign) == "CREATE FAILED"
    assert not folder.exists()


def test_a_model_that_the_service_has_found_damaged_is_listed_until_it_is_moved(shop: DamagedShop) -> None:
    version, folder = shop.trained()
    campaign = shop.campaign(version)
    flip(folder / "users.npy")
    with pytest.raises(ResourceNotFoundError):
        shop.items(campaign)
    assert shop.service.status(version) == "CREATE FAILED"
    assert "moved to" in repair(shop)


@pytest.mark.parametrize("of", ["dataset", "model"])
def test_checksums_that_alone_are_damaged_are_taken_anew(shop: DamagedShop, of: str) -> None:
    file = shop.imported("a").parent if of == "dataset" else shop.trained()[1]
    flip(file / "checksums.json")
    (finding,) = check(shop)
    assert finding.lost.startswith("nothing")
    assert repair(shop) == "its checksums were taken anew"


def test_both_damaged_is_a_loss(shop: DamagedShop) -> None:
    folder = shop.trained()[1]
    flip(folder / "checksums.json")
    (folder / "users.npy").write_bytes(b"no array")
    assert "moved to" in repair(shop)


def test_what_a_kill_cut_off_is_removed(shop: DamagedShop) -> None:
    folder = shop.trained()[1]
    left = folder.with_name(f"{folder.name}.{'0' * 32}.partial")
    left.mkdir()
    assert repair(shop) == "removed"
    assert not left.exists()
