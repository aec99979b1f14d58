"""AWS's descriptions of its services, which clients are made of: read once in a process, not once in a session."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from botocore.loaders import Loader, create_loader
from botocore.session import get_session


def share(session: Any) -> Any:
    """Let a session use what earlier ones have read: a client is then made in 0.01 s instead of 0.1 to 0.3.

    botocore keeps the descriptions in the session, and Airflow makes a session for each hook.

    :param session: boto3's
    """
    _register(session._session)  # botocore's, of which boto3 has no public name
    return session


def read(services: Iterable[str]) -> None:
    """Read what clients of these services are made of, for the sessions to come. Nothing is sent."""
    session = get_session()
    _register(session)
    for service in services:
        session.create_client(service, "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")


def _register(session: Any) -> None:
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))


@cache
def _loader(data_path: str | None) -> Loader:
    """What reads and keeps them. Descriptions of one's own may lie in `data_path`."""
    return create_loader(data_path)
