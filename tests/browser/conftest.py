"""Chromium for all tests of this folder: `make test-browser`, or `pytest tests/browser --screenshots FOLDER`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import browser as chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, help="where tests/browser leaves its pictures")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.started() as started:
        yield started


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = request.config.getoption("--screenshots", None) or tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def windows(
    browser: Browser, screenshots: Path, request: pytest.FixtureRequest
) -> Iterator[chromium.Windows]:
    """Windows for this test. It fails if a page asks another machine for something, or a script of it fails."""
    windows = chromium.Windows(browser, screenshots, request.node.name.removeprefix("test_"))
    yield windows
    windows.close()
    assert windows.problems == []
