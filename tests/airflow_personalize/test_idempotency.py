"""Exactly once: a lost answer, a throttle or a taken name never makes a second thing, and a refusal is passed on."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, NoCredentialsError
from hypothesis import given
from hypothesis import strategies as st

from airflow_personalize.idempotency import TRIES, exactly_once

LOG = logging.getLogger(__name__)
LOST = ConnectionClosedError(endpoint_url="http://x")


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op"
    )


class Service:
    """Makes a thing at most once, unless it is made to forget names; `troubles` happen to the next requests."""

    def __init__(self, *troubles: str) -> None:
        self.troubles, self.made, self.pauses = list(troubles), 0, []

    def look(self) -> str | None:
        return "thing" if self.made else None

    def ask(self) -> str:
        trouble = self.troubles.pop(0) if self.troubles else ""
        if trouble == "throttled":
            raise refusal("ThrottlingException")
        if trouble == "stumbled":
            raise refusal("InternalFailure", 500)
        if trouble == "lost before":
            raise LOST
        self.made += 1  # no protection by name: asking twice would make two
        if trouble == "lost after":
            raise LOST
        return "thing"

    def once(self, **options: Any) -> tuple[str, bool]:
        return exactly_once(self.look, self.ask, LOG, sleep=self.pauses.append, **options)


@given(
    st.lists(st.sampled_from(["throttled", "stumbled", "lost before", "lost after"]), max_size=TRIES - 1),
    st.booleans(),
)
def test_whatever_happens_on_the_way_one_thing_is_made(troubles, look_first):
    service = Service(*troubles)
    assert service.once(look_first=look_first) == ("thing", True)
    assert service.made == 1


def test_what_is_there_is_not_asked_for():
    service = Service()
    service.made = 1
    assert service.once() == ("thing", False)
    assert service.made == 1


def test_a_taken_name_leads_to_what_has_it():
    def ask() -> str:
        raise refusal("ResourceAlreadyExistsException")

    assert exactly_once(lambda: "there", ask, LOG, look_first=False) == ("there", False)


def test_a_taken_name_that_leads_nowhere_is_an_error():
    def ask() -> str:
        raise refusal("ResourceAlreadyExistsException")

    with pytest.raises(ClientError, match="ResourceAlreadyExists"):
        exactly_once(lambda: None, ask, LOG)


@pytest.mark.parametrize(
    "code", ["InvalidInputException", "LimitExceededException", "ResourceInUseException"]
)
def test_a_refusal_is_passed_on_at_once(code):
    pauses: list[float] = []

    def ask() -> str:
        raise refusal(code)

    with pytest.raises(ClientError, match=code):
        exactly_once(lambda: None, ask, LOG, sleep=pauses.append)
    assert pauses == []


def test_trouble_of_our_own_is_passed_on():
    def ask() -> str:
        raise NoCredentialsError

    with pytest.raises(NoCredentialsError):
        exactly_once(lambda: None, ask, LOG)


def test_trouble_that_does_not_pass_is_an_error_in_the_end():
    service = Service(*["throttled"] * TRIES)
    with pytest.raises(ClientError, match="Throttling"):
        service.once()
    assert len(service.pauses) == TRIES - 1
    assert max(service.pauses) <= 25
