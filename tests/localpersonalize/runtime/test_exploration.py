from __future__ import annotations

import pyarrow as pa
import pytest

from benchmarks.influence import Catalogue
from localpersonalize.runtime import exploration
from localpersonalize.runtime.deployment import Exploration
from localpersonalize.runtime.exploration import exploration_candidates
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


def test_an_item_is_as_old_as_its_creation_or_else_as_its_first_event(world: PlantedRuntime) -> None:
    """Source: the developer guide, "Creation timestamp data"."""
    now = 400 * DAY
    world.happened("u2", "i8", time=now)
    world.happened("u4", "i2", time=now - 5 * DAY)  # first seen long ago, used lately
    world.happened("u4", "i4", time=now - 5 * DAY)
    world.happened("u5", "i6", time=now - 300 * DAY)
    world.put_items(
        {"ITEM_ID": "i6", "CREATION_TIMESTAMP": now - 5 * DAY},
        {"ITEM_ID": "i3", "CREATION_TIMESTAMP": now - 30 * DAY},
    )
    deployment = world.deploy("explores", NextItem(), explores=Exploration(weight=1.0, cut_off_days=10))
    view = deployment.view(world.held, deployment.model.items)
    explored = {f"i{n}" for n in exploration_candidates(deployment, world.held, view, now)}
    assert {"i4", "i6"} <= explored  # i4's only event and i6's creation are recent
    assert not {"i1", "i2", "i3", "i7"} & explored
    assert {"i0", "i5", "i9"} <= explored  # nothing is known of their age


def test_more_weight_explores_more_and_an_earlier_cut_off_fewer_items() -> None:
    catalogue = Catalogue(seed=2)
    shares = [catalogue.explored_share(Exploration(weight, 30)) for weight in (0.0, 0.2, 0.5, 1.0)]
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    ages = [catalogue.oldest_explored(Exploration(1.0, days)) for days in (5, 20, 60, 200)]
    assert ages == sorted(ages)
    assert all(age <= days for age, days in zip(ages, (5, 20, 60, 200), strict=True))


def test_of_very_many_candidates_others_are_explored_every_half_minute(
    world: PlantedRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exploration, "MAX_CANDIDATES", 3)
    monkeypatch.setattr(exploration, "CANDIDATES_TTL_SECONDS", -1)
    deployment = world.deploy("explores", NextItem(), explores=Exploration(weight=1.0))
    view = deployment.view(world.held, deployment.model.items)
    all_of_them = exploration_candidates(deployment, world.held, view, 0).tolist()
    drawn = [world.explorer.candidates(deployment, world.held, view) for _ in range(50)]
    items = [candidates.items.tolist() for candidates in drawn if candidates is not None]
    assert {len(set(some)) for some in items} == {3}
    assert {item for some in items for item in some} == set(all_of_them)
    assert len(all_of_them) > 3
