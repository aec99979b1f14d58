"""The page over a group that a test plants, at an address that Chromium can open: no stack, no training."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import pytest
import uvicorn

from tests.encore.page.conftest import ARN, Shop, plant_catalogue, shop
from tests.support.browser import WIDE, Windows
from tests.support.operator_runs import free_port
from tests.support.past_runs import past_runs
from tests.support.planted_airflow import SIGNED_IN

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["shop"]


class Reader:
    """Somebody who is signed in to the planted Airflow."""

    def __init__(self, address: str, windows: Windows) -> None:
        self._address, self._windows = address, windows

    def open(
        self, path: str, size: tuple[int, int] = WIDE, colors: Literal["light", "dark"] = "light"
    ) -> Page:
        """A window with a page of the group's, or any other."""
        cookies = "; ".join(f"{name}={value}" for name, value in SIGNED_IN.items())
        options: dict[str, Any] = {"extra_http_headers": {"Cookie": cookies}}
        page = self._windows.open(size=size, colors=colors, **options)
        page.goto(f"{self._address}/encore{path}")
        return page

    def picture(self, page: Page, name: str) -> None:
        self._windows.screenshot(page, name)


@pytest.fixture
def reader(shop: Shop, windows: Windows) -> Iterator[Reader]:
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(shop.airflow.app(), port=port, log_level="warning", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield Reader(f"http://127.0.0.1:{port}", windows)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def live(shop: Shop) -> Shop:
    """Thirty runs, three campaigns and a catalogue."""
    shop.rows = [
        row
        | {
            "campaign_usd_a_day": 4.8,
            "dag_id": "retrain_recommenders",
            "solution_version_arn": row["solution_version_arn"].replace(":1:", ":123456789012:"),
        }
        for row in past_runs()
    ]
    for number in range(18, 30):
        row = shop.rows[2 * number]
        end = row["recorded_at"].replace(minute=12, second=40)
        shop.airflow.add_run(
            row["run_id"], run_after=row["recorded_at"].isoformat(), end_date=end.isoformat()
        )
    plant_catalogue(shop)
    shop.service.serve("popular", f"{ARN}:solution/popular/0000001d", ["1", "3", "5"])
    shop.service.serve("you", f"{ARN}:solution/you/0000001d", ["4", "5", "2", "6"])
    shop.service.serve("related", f"{ARN}:solution/related/0000001d", ["6", "2"])
    return shop
