"""The whole runtime on trained models: loading, swapping, and what changes without a new training."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest

from localpersonalize.runtime.deployment import Deployment
from localpersonalize.runtime.engine import Runtime
from localpersonalize.runtime.errors import InvalidInputError, ResourceNotFoundError
from localpersonalize.runtime.histories import StreamedEvent
from tests.support.localpersonalize.planted_resources import ARN, GROUP, PAIRS, PlantedResources

ODD = 'INCLUDE ItemID WHERE Items.KIND IN ("odd")'


@pytest.fixture
def runtime(shop: PlantedResources) -> Any:
    made = Runtime(shop, shop)
    yield made
    made.close()


def ids(runtime: Runtime, **params: Any) -> list[str]:
    return [item["itemId"] for item in runtime.get_recommendations(params)["itemList"]]


def test_popularity_and_related_items_are_served(shop: PlantedResources, runtime: Runtime) -> None:
    popular = shop.campaign("popular", shop.train("p", "aws-popularity-count"))
    related = shop.campaign("related", shop.train("s", "aws-sims", hyperparameters=PAIRS))
    assert ids(runtime, campaignArn=popular, userId="u1", numResults=1) == ["hit"]
    assert "b3" in ids(runtime, campaignArn=related, itemId="a3", numResults=2)
    assert ids(runtime, campaignArn=related, itemId="never seen", numResults=1) == ["hit"]


def test_an_update_takes_over_in_one_step_and_back(shop: PlantedResources, runtime: Runtime) -> None:
    first, second = (
        shop.train("v1", "aws-popularity-count"),
        shop.train("v2", "aws-popularity-count", "new hit"),
    )
    campaign = shop.campaign("c", first)
    assert ids(runtime, campaignArn=campaign, userId="u", numResults=1) == ["hit"]
    shop.bodies[campaign]["solutionVersionArn"] = second
    assert ids(runtime, campaignArn=campaign, userId="u", numResults=1) == ["hit"]  # until it is deployed
    runtime.deploy(campaign, {"solutionVersionArn": second})
    assert ids(runtime, campaignArn=campaign, userId="u", numResults=1) == ["new hit"]
    runtime.deploy(campaign, {"solutionVersionArn": first})
    assert ids(runtime, campaignArn=campaign, userId="u", numResults=1) == ["hit"]


def test_an_update_that_fails_leaves_the_old_version_serving(
    shop: PlantedResources, runtime: Runtime
) -> None:
    campaign = shop.campaign("c", shop.train("v1", "aws-popularity-count"))
    runtime.deploy(campaign)
    broken = f"{ARN}solution/broken/v"
    shop.bodies[broken] = {**shop.bodies[shop.bodies[campaign]["solutionVersionArn"]]}
    with pytest.raises(ValueError, match="holds no model"):
        runtime.deploy(campaign, {"solutionVersionArn": broken})
    assert ids(runtime, campaignArn=campaign, userId="u", numResults=1) == ["hit"]


def test_many_campaigns_are_loaded_a_processor_each_at_a_time(
    shop: PlantedResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = shop.train("v1", "aws-popularity-count")
    campaigns = [shop.campaign(f"c{number}", version) for number in range(12)]
    loading: set[str] = set()
    most, three = 0, threading.Barrier(3)

    def prepare(deployment: Deployment, *_: object) -> None:
        nonlocal most
        loading.add(deployment.arn)
        most = max(most, len(loading))
        three.wait(timeout=60)
        loading.remove(deployment.arn)

    monkeypatch.setattr("localpersonalize.runtime.engine.prepare", prepare)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    runtime = Runtime(shop, shop)
    with ThreadPoolExecutor(len(campaigns)) as threads:
        list(threads.map(runtime.deploy, campaigns))
    assert most == 3
    assert all(ids(runtime, campaignArn=arn, userId="u", numResults=1) == ["hit"] for arn in campaigns)
    runtime.close()


def test_updates_under_load_never_leave_a_gap_or_mix_versions(
    shop: PlantedResources, runtime: Runtime
) -> None:
    versions = [shop.train("v1", "aws-popularity-count"), shop.train("v2", "aws-popularity-count", "new hit")]
    campaign = shop.campaign("c", versions[0])
    answers: list[list[str]] = []
    stop = threading.Event()

    def recommend() -> None:
        while not stop.is_set():
            answers.append(ids(runtime, campaignArn=campaign, userId="u", numResults=500))

    askers = [threading.Thread(target=recommend) for _ in range(3)]
    for asker in askers:
        asker.start()
    for turn in range(20):
        runtime.deploy(campaign, {"solutionVersionArn": versions[turn % 2]})
    stop.set()
    for asker in askers:
        asker.join()
    assert {answer[0] for answer in answers} <= {"hit", "new hit"}
    assert all(("hit" in answer) != ("new hit" in answer) for answer in answers)
    assert all(len(answer) == 11 for answer in answers)


def test_campaigns_that_do_not_serve(shop: PlantedResources, runtime: Runtime) -> None:
    version = shop.train("p", "aws-popularity-count")
    with pytest.raises(ResourceNotFoundError, match="not ACTIVE"):
        ids(runtime, campaignArn=shop.campaign("c", version, "CREATE IN_PROGRESS"), userId="u")
    with pytest.raises(ResourceNotFoundError, match="Could not find"):
        ids(runtime, campaignArn=f"{ARN}campaign/none", userId="u")
    gone = shop.campaign("gone", version)
    assert ids(runtime, campaignArn=gone, userId="u")
    del shop.bodies[gone]
    runtime.withdraw(gone)
    with pytest.raises(ResourceNotFoundError):
        ids(runtime, campaignArn=gone, userId="u")


def test_filters_must_be_active_and_of_the_same_group(shop: PlantedResources, runtime: Runtime) -> None:
    campaign = shop.campaign("c", shop.train("p", "aws-popularity-count"))
    text = 'INCLUDE ItemID WHERE Items.KIND IN ("x")'
    assert ids(runtime, campaignArn=campaign, userId="u", filterArn=shop.add_filter(text)) == ["a0"]
    with pytest.raises(InvalidInputError, match="another dataset group"):
        ids(runtime, campaignArn=campaign, userId="u", filterArn=shop.add_filter(text, group="other"))
    with pytest.raises(InvalidInputError, match="not ACTIVE"):
        ids(
            runtime,
            campaignArn=campaign,
            userId="u",
            filterArn=shop.add_filter(text, status="CREATE PENDING"),
        )
    with pytest.raises(ResourceNotFoundError, match="filter"):
        ids(runtime, campaignArn=campaign, userId="u", filterArn=f"{ARN}filter/none")


def test_events_and_items_count_at_once_and_imports_once_loaded(
    shop: PlantedResources, runtime: Runtime
) -> None:
    campaign = shop.campaign("c", shop.train("p", "aws-popularity-count"))
    seen = shop.add_filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")')
    odd = shop.add_filter(ODD)
    params = {"campaignArn": campaign, "userId": "u1"}
    assert "hit" in ids(runtime, **params, filterArn=seen)
    event = StreamedEvent("u1", "s", "hit", 99, "buy")
    shop.events.append(event)
    runtime.put_events(GROUP, [event])
    assert "hit" not in ids(runtime, **params, filterArn=seen)
    runtime.put_items(GROUP, [{"ITEM_ID": "a1", "KIND": "even|odd"}])
    assert ids(runtime, **params, filterArn=odd) == ["a1"]
    shop.item_table = pa.table({"ITEM_ID": ["b1"], "KIND": ["odd"]})
    runtime.data_changed(GROUP).result(10)
    assert ids(runtime, **params, filterArn=odd) == ["b1"]
    assert "hit" not in ids(runtime, **params, filterArn=seen)


def test_model_sizes_are_told_by_campaign(shop: PlantedResources, runtime: Runtime) -> None:
    campaign = shop.campaign("c", shop.train("p", "aws-popularity-count"))
    assert runtime.model_sizes() == {}
    runtime.deploy(campaign)
    assert runtime.model_sizes()[campaign] > 0
