"""Exactly once: a lost answer, a throttle or a taken name never makes a second thing, and a refusal is passed on.

Names: readable, within the service's pattern, and the same for the same piece of work only.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, NoCredentialsError
from hypothesis import given
from hypothesis import strategies as st

from airflow_personalize.idempotency import MAX_REQUESTS, exactly_once, job_name

LOG = logging.getLogger(__name__)
LOST = ConnectionClosedError(endpoint_url="http://x")
PATTERN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,62}")
any_text = st.text(min_size=1, max_size=250)


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op"
    )


class Service:
    """Makes a thing at most once, unless it is made to forget names; `troubles` happen to the next requests."""

    def __init__(self, *troubles: str) -> None:
        self.troubles, self.made, self.pauses = list(troubles), 0, []

    def find(self) -> str | None:
        return "thing" if self.made else None

    def request(self) -> str:
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
        return exactly_once(self.find, self.request, LOG, sleep=self.pauses.append, **options)


@given(
    st.lists(
        st.sampled_from(["throttled", "stumbled", "lost before", "lost after"]), max_size=MAX_REQUESTS - 1
    ),
    st.booleans(),
)
def test_whatever_happens_on_the_way_one_thing_is_made(troubles, find_first):
    service = Service(*troubles)
    assert service.once(find_first=find_first) == ("thing", True)
    assert service.made == 1


def test_what_is_there_is_not_asked_for():
    service = Service()
    service.made = 1
    assert service.once() == ("thing", False)
    assert service.made == 1


def test_a_taken_name_leads_to_what_has_it():
    def request() -> str:
        raise refusal("ResourceAlreadyExistsException")

    assert exactly_once(lambda: "there", request, LOG, find_first=False) == ("there", False)


def test_a_taken_name_that_leads_nowhere_is_an_error():
    def request() -> str:
        raise refusal("ResourceAlreadyExistsException")

    with pytest.raises(ClientError, match="ResourceAlreadyExists"):
        exactly_once(lambda: None, request, LOG, sleep=lambda seconds: None)


@pytest.mark.parametrize(
    "code", ["InvalidInputException", "LimitExceededException", "ResourceInUseException"]
)
def test_a_refusal_is_passed_on_at_once(code):
    pauses: list[float] = []

    def request() -> str:
        raise refusal(code)

    with pytest.raises(ClientError, match=code):
        exactly_once(lambda: None, request, LOG, sleep=pauses.append)
    assert pauses == []


def test_trouble_of_our_own_is_passed_on():
    def request() -> str:
        raise NoCredentialsError

    with pytest.raises(NoCredentialsError):
        exactly_once(lambda: None, request, LOG)


def test_trouble_that_does_not_pass_is_an_error_in_the_end():
    service = Service(*["throttled"] * MAX_REQUESTS)
    with pytest.raises(ClientError, match="Throttling"):
        service.once()
    assert len(service.pauses) == MAX_REQUESTS - 1
    assert max(service.pauses) <= 25


@given(any_text, any_text, any_text, st.integers(-1, 9999), st.integers(0, 30), st.integers(1, 30))
def test_every_name_fits_the_service(dag_id, run_id, task_id, map_index, repetition, attempt):
    name = job_name(dag_id, run_id, task_id, map_index, repetition=repetition, attempt=attempt)
    assert PATTERN.fullmatch(name)


@given(
    st.lists(
        st.tuples(any_text, any_text, any_text, st.integers(-1, 99), st.integers(0, 9), st.integers(1, 9)),
        min_size=2,
        unique=True,
    )
)
def test_different_work_has_different_names(works):
    names = {
        job_name(dag, run, task, index, repetition=repetition, attempt=attempt)
        for dag, run, task, index, repetition, attempt in works
    }
    assert len(names) == len(works)


def test_a_name_says_which_task_of_which_run():
    name = job_name(
        "retrain", "scheduled__2026-03-01T03:00:00+00:00", "refresh.train", 2, repetition=1, attempt=3
    )
    assert re.fullmatch(r"train-scheduled-20260301T030000-[0-9a-f]{8}-2-r1-a3", name)


def test_a_name_differs_with_what_the_job_is_about():
    run = ("retrain", "manual__2026-03-01T03:00:00+00:00", "import")
    assert job_name(*run, subject=["arn:a", "s3://x/1"]) != job_name(*run, subject=["arn:a", "s3://x/2"])
    assert job_name(*run, subject=["arn:a", "s3://x/1"]) == job_name(*run, subject=["arn:a", "s3://x/1"])


def test_a_taken_name_is_looked_up_until_its_resource_is_visible():
    """The first request was lost on its way back, and what it made cannot be found at once."""
    lookups = iter([None, None, None, "thing"])
    requests = iter([LOST, refusal("ResourceAlreadyExistsException")])
    pauses: list[float] = []

    def request() -> str:
        raise next(requests)

    result = exactly_once(lambda: next(lookups), request, LOG, find_first=False, sleep=pauses.append)
    assert result == ("thing", True)
    assert len(pauses) == 1 + 2
