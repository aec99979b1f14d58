"""The whole runtime on trained models: loading, swapping, and what changes without a new training."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.registry import recipe
from localpersonalize.runtime import Runtime
from localpersonalize.runtime.errors import InvalidInputError, ResourceNotFoundError
from localpersonalize.runtime.histories import StreamedEvent
from localpersonalize.runtime.use_cases import USE_CASES

GROUP = "arn:aws:personalize:us-east-1:123456789012:dataset-group/shop"
ARN = "arn:aws:personalize:us-east-1:123456789012:"
PAIRS = {"min_cointeraction_count": "1"}


def interactions(popular: str, seed: int = 0) -> pa.Table:
    """40 users; everybody touched `popular`, and pairs of items that belong together."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(40):
        pair = int(rng.integers(0, 5))
        rows += [(f"u{user}", f"a{pair}", 10), (f"u{user}", f"b{pair}", 20), (f"u{user}", popular, 30)]
    users, items, times = zip(*rows, strict=True)
    return pa.table(
        {"USER_ID": users, "ITEM_ID": items, "TIMESTAMP": times, "EVENT_TYPE": ["view"] * len(rows)}
    )


ODD = 'INCLUDE ItemID WHERE Items.KIND IN ("odd")'


class Shop:
    """The ports of the runtime: resources, files and data of one dataset group."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bodies: dict[str, dict[str, Any]] = {}
        self.bulk = interactions("hit")
        self.item_table: pa.Table | None = pa.table({"ITEM_ID": ["a0", "b0"], "KIND": ["x", "y"]})
        self.events: list[StreamedEvent] = []

    def train(self, name: str, recipe_name: str, popular: str = "hit", hyperparameters: Any = None) -> str:
        trained = recipe(recipe_name)
        parameters = trained.hyperparameters.parse(hyperparameters or {}, recipe_name)
        model = trained.train(TrainingData(interactions(popular)), parameters, TrainingOptions())
        (self.folder / name).mkdir()
        model.save(self.folder / name)
        arn = f"{ARN}solution/{name}/v"
        self.bodies[arn] = {"recipeArn": trained.arn, "datasetGroupArn": GROUP, "solutionConfig": {}}
        return arn

    def campaign(self, name: str, version: str, status: str = "ACTIVE", **config: Any) -> str:
        arn = f"{ARN}campaign/{name}"
        self.bodies[arn] = {"solutionVersionArn": version, "status": status, "campaignConfig": config}
        return arn

    def add_filter(self, expression: str, group: str = GROUP, status: str = "ACTIVE") -> str:
        arn = f"{ARN}filter/f{len(self.bodies)}"
        self.bodies[arn] = {"datasetGroupArn": group, "filterExpression": expression, "status": status}
        return arn

    def describe(self, arn: str) -> dict[str, Any] | None:
        return self.bodies.get(arn)

    def model_directory(self, arn: str) -> Path:
        return self.folder / arn.split("/")[1]

    def bulk_interactions(self, group_arn: str) -> pa.Table:
        return self.bulk

    def streamed_events(self, group_arn: str) -> list[StreamedEvent]:
        return list(self.events)

    def items(self, group_arn: str) -> pa.Table | None:
        return self.item_table

    def users(self, group_arn: str) -> pa.Table | None:
        return None

    def schema(self, group_arn: str, dataset_type: str) -> dict[str, Any]:
        return {"fields": [{"name": "KIND", "type": "string", "categorical": True}]}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def runtime(shop: Shop) -> Any:
    made = Runtime(shop, shop)
    yield made
    made.close()


def ids(runtime: Runtime, **params: Any) -> list[str]:
    return [item["itemId"] for item in runtime.get_recommendations(params)["itemList"]]


def test_popularity_and_related_items_are_served(shop: Shop, runtime: Runtime) -> None:
    popular = shop.campaign("popular", shop.train("p", "aws-popularity-count"))
    related = shop.campaign("related", shop.train("s", "aws-sims", hyperparameters=PAIRS))
    assert ids(runtime, campaignArn=popular, userId="u1", numResults=1) == ["hit"]
    assert "b3" in ids(runtime, campaignArn=related, itemId="a3", numResults=2)
    assert ids(runtime, campaignArn=related, itemId="never seen", numResults=1) == ["hit"]


def test_an_update_takes_over_in_one_step_and_back(shop: Shop, runtime: Runtime) -> None:
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


def test_an_update_that_fails_leaves_the_old_version_serving(shop: Shop, runtime: Runtime) -> None:
    campaign = shop.campaign("c", shop.train("v1", "aws-popularity-count"))
    runtime.deploy(campaign)
    broken = f"{ARN}solution/broken/v"
    shop.bodies[broken] = {**shop.bodies[shop.bodies[campaign]["solutionVersionArn"]]}
    with pytest.raises(ValueError, match="holds no model"):
        runtime.deploy(campaign, {"solutionVersionArn": broken})
    assert ids(runtime, campaignArn=campaign, userId="u", numResults=1) == ["hit"]


def test_updates_under_load_never_leave_a_gap_or_mix_versions(shop: Shop, runtime: Runtime) -> None:
    versions = [shop.train("v1", "aws-popularity-count"), shop.train("v2", "aws-popularity-count", "new hit")]
    campaign = shop.campaign("c", versions[0])
    answers: list[list[str]] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answers.append(ids(runtime, campaignArn=campaign, userId="u", numResults=500))

    askers = [threading.Thread(target=ask) for _ in range(3)]
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


def test_campaigns_that_do_not_serve(shop: Shop, runtime: Runtime) -> None:
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


def test_filters_must_be_active_and_of_the_same_group(shop: Shop, runtime: Runtime) -> None:
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


def test_events_and_items_count_at_once_and_an_import_when_it_is_loaded(shop: Shop, runtime: Runtime) -> None:
    campaign = shop.campaign("c", shop.train("p", "aws-popularity-count"))
    seen = shop.add_filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")')
    odd = shop.add_filter(ODD)
    ask = {"campaignArn": campaign, "userId": "u1"}
    assert "hit" in ids(runtime, **ask, filterArn=seen)
    event = StreamedEvent("u1", "s", "hit", 99, "buy")
    shop.events.append(event)
    runtime.put_events(GROUP, [event])
    assert "hit" not in ids(runtime, **ask, filterArn=seen)
    runtime.put_items(GROUP, [{"ITEM_ID": "a1", "KIND": "even|odd"}])
    assert ids(runtime, **ask, filterArn=odd) == ["a1"]
    shop.item_table = pa.table({"ITEM_ID": ["b1"], "KIND": ["odd"]})
    runtime.data_changed(GROUP).result(10)
    assert ids(runtime, **ask, filterArn=odd) == ["b1"]
    assert "hit" not in ids(runtime, **ask, filterArn=seen)


def test_an_item_accepted_while_data_is_loaded_is_not_lost(shop: Shop, runtime: Runtime) -> None:
    campaign = shop.campaign("c", shop.train("p", "aws-popularity-count"))
    ask = {"campaignArn": campaign, "userId": "u", "filterArn": shop.add_filter(ODD)}
    runtime.deploy(campaign)
    read = shop.items

    def meanwhile(group_arn: str) -> pa.Table | None:
        found = read(group_arn)
        runtime.put_items(GROUP, [{"ITEM_ID": "a1", "KIND": "odd"}])
        return found

    shop.items = meanwhile  # type: ignore[method-assign]
    runtime.data_changed(GROUP).result(10)
    assert ids(runtime, **ask) == ["a1"]


def test_an_event_accepted_while_data_is_loaded_is_not_lost(shop: Shop, runtime: Runtime) -> None:
    campaign = shop.campaign("c", shop.train("p", "aws-popularity-count"))
    seen = shop.add_filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")')
    runtime.deploy(campaign)
    reading, go_on = threading.Event(), threading.Event()
    read = shop.streamed_events

    def slowly(group_arn: str) -> list[StreamedEvent]:
        found = read(group_arn)
        reading.set()
        assert go_on.wait(10)
        return found

    shop.streamed_events = slowly  # type: ignore[method-assign]
    loading = runtime.data_changed(GROUP)
    assert reading.wait(10)
    event = StreamedEvent("u1", "s", "hit", 99, "buy")
    shop.events.append(event)
    runtime.put_events(GROUP, [event])
    assert "hit" not in ids(runtime, campaignArn=campaign, userId="u1", filterArn=seen)
    go_on.set()
    loading.result(10)
    assert "hit" not in ids(runtime, campaignArn=campaign, userId="u1", filterArn=seen)


def test_requests_that_come_together_get_the_answers_they_would_get_alone(
    shop: Shop, runtime: Runtime
) -> None:
    popular = shop.campaign("popular", shop.train("p", "aws-popularity-count"))
    related = shop.campaign("related", shop.train("s", "aws-sims", hyperparameters=PAIRS))
    asked = [{"campaignArn": popular, "userId": f"u{n}", "numResults": n} for n in range(30)]
    asked += [{"campaignArn": related, "itemId": f"a{n % 5}"} for n in range(30)]
    asked += [{"campaignArn": related}, {"campaignArn": f"{ARN}campaign/none", "userId": "u"}]

    async def all_together() -> list[Any]:
        return await asyncio.gather(
            *(runtime.answer_soon("GetRecommendations", params) for params in asked), return_exceptions=True
        )

    *found, refused, missing = asyncio.run(all_together())
    assert isinstance(refused, InvalidInputError)
    assert isinstance(missing, ResourceNotFoundError)
    for params, answer in zip(asked, found, strict=False):
        assert answer["itemList"] == runtime.get_recommendations(params)["itemList"]
    assert len(runtime.together) == 0


def test_recommenders_answer_like_their_use_case(shop: Shop, runtime: Runtime) -> None:
    shop.train("best", "aws-popularity-count")
    arn = f"{ARN}recommender/best"
    shop.bodies[arn] = {
        "recipeArn": "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-purchases",
        "datasetGroupArn": GROUP,
        "status": "ACTIVE",
    }
    assert ids(runtime, recommenderArn=arn, userId="u1", numResults=1) == ["hit"]
    with pytest.raises(InvalidInputError, match="userId is required"):
        ids(runtime, recommenderArn=arn)
    shop.bodies[arn]["status"] = "INACTIVE"
    runtime.withdraw(arn)
    with pytest.raises(ResourceNotFoundError, match="INACTIVE"):
        ids(runtime, recommenderArn=arn, userId="u1")


def test_every_use_case_names_what_a_request_must_have() -> None:
    assert len(USE_CASES) == 10
    assert all(set(case.requires) <= {"userId", "itemId"} for case in USE_CASES.values())


def test_model_sizes_are_told_by_campaign(shop: Shop, runtime: Runtime) -> None:
    campaign = shop.campaign("c", shop.train("p", "aws-popularity-count"))
    assert runtime.model_sizes() == {}
    runtime.deploy(campaign)
    assert runtime.model_sizes()[campaign] > 0
