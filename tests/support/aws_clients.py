"""AWS clients that tests make in their own process, made in a fraction of the time."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import botocore.loaders
import pytest
from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook


@pytest.fixture(autouse=True, scope="session")
def quick_clients() -> Iterator[None]:
    """Botocore reads the description of a service once a process instead of once a client; Airflow, which tells AWS the
    operator that calls, does not look for it in the stack (which is deep here)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.loaders.create_loader", functools.cache(botocore.loaders.create_loader))
        patch.setattr(AwsGenericHook, "_get_caller", lambda *_: "Unknown")
        yield
