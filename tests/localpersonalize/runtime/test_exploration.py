from __future__ import annotations

import pyarrow as pa

from localpersonalize.runtime.deployment import Exploration
from tests.support.localpersonalize.planted_runtime import DAY, NextItem, PlantedRuntime


def test_new_items_are_explored_once_the_model_knows_them(world: PlantedRuntime) -> None:
    deployment = world.deploy("explores", NextItem(), explores=Exploration(weight=1.0))
    world.put_items({"ITEM_ID": "brand new", "GENRE": "odd"})
    deployment.add_items(pa.table({"ITEM_ID": ["brand new"]}))
    world.happened("u1", "i8")
    # i9 suits best, what came last next best.
    assert "brand new" in {world.ids(campaignArn="explores", userId="u1", numResults=1) for _ in range(60)}
    world.deploy("steady", deployment.model, explores=Exploration(weight=0.0))
    assert {world.ids(campaignArn="steady", userId="u1", numResults=1) for _ in range(5)} == {"i9"}


def test_old_items_are_not_explored(world: PlantedRuntime) -> None:
    now = 400 * DAY
    world.add_filter("two", 'INCLUDE ItemID WHERE Items.ITEM_ID IN ("i6", "i7")')
    world.happened("u2", "i8", time=now)
    world.put_items({"ITEM_ID": "i6", "CREATION_TIMESTAMP": now - 5 * DAY})
    world.happened("u4", "i6", time=now)
    request = {"campaignArn": "explores", "userId": "u4", "filterArn": "two", "numResults": 1}
    world.deploy("explores", NextItem(), explores=Exploration(weight=0.0, cut_off_days=10))
    assert world.ids(**request) == "i7"
    world.deploy("explores", NextItem(), explores=Exploration(weight=1.0, cut_off_days=10))
    assert {world.ids(**request) for _ in range(20)} == {"i6"}  # i7 was last used too long ago
