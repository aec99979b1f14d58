"""A live service for all tests of this folder, with a shop in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localpersonalize import quotas
from tests.support.localpersonalize.live import Live
from tests.support.localpersonalize.shop import Shop

# Which files share a service is decided as they run: the campaigns that one leaves must not be in another's way.
ROOM_FOR_ALL = "[total]\nCampaign = 100\nRecommender = 100\n"


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("live") / "data"
    folder.mkdir()
    (folder / quotas.FILE).write_text(ROOM_FOR_ALL)
    live = Live(folder).start()
    try:
        yield Shop(live).build()
    finally:
        live.stop()


@pytest.fixture(scope="session")
def live(shop: Shop) -> Live:
    return shop.live
