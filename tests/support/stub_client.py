"""A client of the service whose responses a test sets, and the errors that the service answers with."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest
from botocore.exceptions import ClientError

from airflow_personalize.hooks import PersonalizeHook
from airflow_personalize.operators import base

ARN = "arn:aws:personalize:us-east-1:123456789012:"
ROLE = "arn:aws:iam::123456789012:role/r"


def refusal(code: str, message: str = "m", status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op"
    )


class NotFound(ClientError):
    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ResourceNotFoundException", "Message": "none"}}, "Describe")


@pytest.fixture
def client(monkeypatch) -> MagicMock:
    """The client of every hook, for reading and for changing."""
    made = MagicMock()
    made.exceptions.ResourceNotFoundException = NotFound
    monkeypatch.setattr(PersonalizeHook, "conn", made)
    monkeypatch.setattr(PersonalizeHook, "non_retrying_client", made)
    monkeypatch.setattr(base.time, "sleep", lambda seconds: None)
    monkeypatch.setattr("airflow_personalize.waiter.time.sleep", lambda seconds: None)
    return made
