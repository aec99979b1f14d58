from __future__ import annotations

import threading
from typing import Any

import pyarrow as pa
import pytest

from localpersonalize.runtime.engine import Runtime
from localpersonalize.runtime.histories import StreamedEvent
from tests.support.localpersonalize.planted_resources import GROUP, PlantedResources

ODD = 'INCLUDE ItemID WHERE Items.KIND IN ("odd")'


@pytest.fixture
def runtime(shop: PlantedResources) -> Any:
    made = Runtime(shop, shop)
    yield made
    made.close()


def ids(runtime: Runtime, **params: Any) -> list[str]:
    return [item["itemId"] for item in runtime.get_recommendations(params)["itemList"]]


def test_an_item_accepted_while_data_is_loaded_is_not_lost(shop: PlantedResources, runtime: Runtime) -> None:
    campaign = shop.campaign("c", shop.train("p", "aws-popularity-count"))
    params = {"campaignArn": campaign, "userId": "u", "filterArn": shop.add_filter(ODD)}
    runtime.deploy(campaign)
    read = shop.items

    def meanwhile(group_arn: str) -> pa.Table | None:
        result = read(group_arn)
        runtime.put_items(GROUP, [{"ITEM_ID": "a1", "KIND": "odd"}])
        return result

    shop.items = meanwhile  # type: ignore[method-assign]
    runtime.data_changed(GROUP).result(10)
    assert ids(runtime, **params) == ["a1"]


def test_an_event_accepted_while_data_is_loaded_is_not_lost(shop: PlantedResources, runtime: Runtime) -> None:
    campaign = shop.campaign("c", shop.train("p", "aws-popularity-count"))
    seen = shop.add_filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")')
    runtime.deploy(campaign)
    reading, go_on = threading.Event(), threading.Event()
    read = shop.streamed_events

    def slowly(group_arn: str) -> list[StreamedEvent]:
        result = read(group_arn)
        reading.set()
        assert go_on.wait(10)
        return result

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
