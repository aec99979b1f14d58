"""A service with films in it for most tests, and one with nothing for the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.localpersonalize.films import Films
from tests.support.localpersonalize.live import Live


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Films]:
    live = Live(tmp_path_factory.mktemp("films") / "data").start()
    try:
        yield Films(live).build()
    finally:
        live.stop()


@pytest.fixture(scope="session")
def trial(films: Films) -> str:
    """Where the campaign that reads histories is tried."""
    return f"{films.live.endpoint}/_page/groups/films/try?serving=campaign/for-you"


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    live = Live(tmp_path_factory.mktemp("empty") / "data").start()
    try:
        yield live
    finally:
        live.stop()
