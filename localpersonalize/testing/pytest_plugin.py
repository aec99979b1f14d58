"""Fixtures of pytest: a service for the session, a clean account for each test.

pytest loads this by itself where `localpersonalize` is installed; nothing is started, nor imported beside it, before a
test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from localpersonalize.sdk.accounts import Account
    from localpersonalize.sdk.dataset_groups import DatasetGroup

OPTIONS = "localpersonalize_options"


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `pytest.ini` may say."""
    parser.addini(OPTIONS, "More options of the service that tests share.", "args", ["--any-credentials"])


@pytest.fixture(scope="session")
def personalize_server(request: pytest.FixtureRequest) -> Iterator[Account]:
    """The account of a service that is started once for the session (for each worker of pytest-xdist)."""
    from localpersonalize.sdk.process import ServiceProcess

    with ServiceProcess(request.config.getini(OPTIONS)) as process:
        yield process.account


@pytest.fixture
def personalize_group(personalize_server: Account) -> DatasetGroup:
    """A dataset group in an account that holds nothing else, whatever the test before has left."""
    from localpersonalize.sdk.dataset_groups import DatasetGroup

    personalize_server.reset()
    return DatasetGroup(personalize_server, "test")


@pytest.fixture
def personalize_environment(personalize_server: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Let SDKs that the test's code makes call the service: their variables are set."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in personalize_server.environment.items():
        monkeypatch.setenv(name, value)
    return personalize_server
