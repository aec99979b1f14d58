"""A whole stack with two solutions that train in seconds, and a person who is signed in to its Airflow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from demo.airflow import USER
from tests.end_to_end.pipeline_stack import SHOP, PipelineStack, datasets, running_pipeline

if TYPE_CHECKING:
    from playwright.sync_api import Page

SOLUTIONS = [
    {"name": "popular", "recipe": "aws-popularity-count"},
    {"name": "related", "recipe": "aws-sims"},
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser/airflow" in str(item.path):
            item.add_marker(pytest.mark.long)
            item.add_marker(pytest.mark.timeout(2400))


@pytest.fixture(scope="package")
def shop() -> Iterator[PipelineStack]:
    batch = {
        "jobs": [
            {"name": "mail", "solution": "popular"},
            {"name": "fans", "kind": "segments", "recipe": "aws-item-affinity", "input": "items"},
        ]
    }
    group = SHOP | {
        "datasets": datasets("interactions", "users", "items"),
        "solutions": SOLUTIONS,
        "batch": batch,
    }
    with running_pipeline({"dataset_groups": [group]}) as stack:
        yield stack


@pytest.fixture
def sign_in(shop: PipelineStack) -> Callable[[Page], None]:
    """Signs a window in, as a person does."""

    def sign_in(page: Page) -> None:
        address = shop.settings.airflow_url
        page.goto(f"{address}/")
        page.locator("input[name=username]").fill(USER)
        page.locator("input[name=password]").fill(shop.settings.secrets.airflow_password)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(re.escape(address) + "/(?!auth)"))

    return sign_in
