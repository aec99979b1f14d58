"""A live service for all tests of this folder, with a shop in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.localpersonalize.live import Live
from tests.support.localpersonalize.shop import Shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    live = Live(tmp_path_factory.mktemp("live") / "data").start()
    try:
        yield Shop(live).build()
    finally:
        live.stop()


@pytest.fixture(scope="session")
def live(shop: Shop) -> Live:
    return shop.live
