"""Models that follow events."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest

from localpersonalize.runtime import event_followers
from localpersonalize.runtime.event_followers import EventFollowers
from localpersonalize.runtime.group_data import GroupDataCache
from tests.support.localpersonalize.planted_runtime import NextItem, PlantedRuntime


class Follows(NextItem):
    follows_events = True

    def __init__(self) -> None:
        super().__init__()
        self.polls: list[int] = []

    def follow_events(self, ids: Sequence[str], items: np.ndarray, times: np.ndarray) -> None:
        assert len(items) == len(times)
        self.polls.append(len(items))


class World:
    def __init__(self, world: PlantedRuntime) -> None:
        self.model = Follows()
        world.deploy("trend", self.model)
        held: Any = type("Held", (), {"get": lambda _, arn: world.held})()
        self.followers = EventFollowers(world.deployments, cast("GroupDataCache", held))

    def wait(self, polls: int) -> None:
        deadline = time.monotonic() + 5
        while len(self.model.polls) < polls:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_the_first_events_are_looked_at_at_once_and_those_of_a_burst_together(
    world: PlantedRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_followers, "PAUSE_SECONDS", 0.3)
    planted = World(world)
    planted.followers.notice("group")
    planted.wait(1)
    for number in range(50):
        world.happened(f"fan{number}", "i1")
        planted.followers.notice("group")
    planted.wait(2)
    time.sleep(0.5)
    assert planted.model.polls == [4, 54]


def test_events_of_other_groups_and_of_models_that_do_not_follow_are_nobodys(world: PlantedRuntime) -> None:
    planted = World(world)
    planted.followers.notice("another group")
    time.sleep(0.1)
    assert planted.model.polls == []
