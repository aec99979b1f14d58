"""Every waiter by a table of states; what is not declared is an error, and trouble on the way is not."""

from __future__ import annotations

import gzip
import json
import logging
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError
from botocore.waiter import WaiterModel

from airflow_personalize import waiter
from airflow_personalize.exceptions import PersonalizeError, UnknownStatusError, WaitTimeoutError
from airflow_personalize.hooks import WAITERS
from airflow_personalize.waiter import EARLY_POLL_PAUSES, Outcome, Progress, Wait, waiter_names

MODEL_FILE = next(Path(botocore.__file__).parent.glob("data/personalize/*/service-2.json.gz"))
MODEL = json.loads(gzip.decompress(MODEL_FILE.read_bytes()))
MODELS = WaiterModel(json.loads((WAITERS / "personalize.json").read_text()))


class Service:
    """A client whose every Describe gives the next of these answers, the last for ever."""

    def __init__(self, path: str, *answers: Any) -> None:
        self.path, self.answers, self.calls = path, list(answers), 0

    def __getattr__(self, operation: str) -> Any:
        return self.describe

    def describe(self, **arguments: str) -> dict[str, Any]:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        *parents, last = self.path.split(".")
        body: dict[str, Any] = {last: answer, "failureReason": "because"}
        for parent in reversed(parents):
            body = {parent: body}
        return body


def error(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Describe"
    )


def paths(waiter: str) -> set[str]:
    """Where the state that is waited for stands: beside it only the state of the whole, which may be deleted."""
    acceptors = MODELS.get_waiter(waiter).acceptors
    return {
        acceptor.argument
        for acceptor in acceptors
        if acceptor.matcher == "path" and not is_deletion_of_the_whole(waiter, acceptor)
    }


def is_deletion_of_the_whole(waiter: str, acceptor: Any) -> bool:
    return waiter.endswith("_updated") and acceptor.expected.startswith("DELETE")


def wait(waiter: str = "campaign_active", **options: Any) -> Wait:
    return Wait(waiter, {"campaignArn": "arn:x"}, **options)


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(waiter.time, "sleep", pauses.append)
    return pauses


EVERY_STATE = [
    (name, acceptor.argument, acceptor.expected, acceptor.state)
    for name in waiter_names()
    for acceptor in MODELS.get_waiter(name).acceptors
    if acceptor.matcher == "path"
]


@pytest.mark.parametrize(("waiter", "path", "status", "state"), EVERY_STATE)
def test_each_declared_state_means_what_the_table_says(waiter, path, status, state):
    service = Service(path, status)
    assert Wait(waiter, {"arn": "x"}).poll(service).state == state


@pytest.mark.parametrize("waiter", waiter_names())
def test_each_waiter_fits_the_service_model(waiter):
    config = MODELS.get_waiter(waiter)
    assert len(paths(waiter)) == 1
    shape = MODEL["shapes"][MODEL["operations"][config.operation]["output"]["shape"]]
    for step in paths(waiter).pop().split("."):
        shape = MODEL["shapes"][shape["members"][step]["shape"]]
    assert shape["type"] == "string"


@pytest.mark.parametrize("waiter", waiter_names())
def test_each_waiter_can_succeed_and_can_fail(waiter):
    states = {acceptor.state for acceptor in MODELS.get_waiter(waiter).acceptors}
    assert states == {"success", "retry", "failure"}


UPDATES = {
    "campaign_updated": ("campaign", "latestCampaignUpdate"),
    "dataset_updated": ("dataset", "latestDatasetUpdate"),
    "recommender_updated": ("recommender", "latestRecommenderUpdate"),
    "solution_updated": ("solution", "latestSolutionUpdate"),
}


@pytest.mark.parametrize("deleting", ["DELETE PENDING", "DELETE IN_PROGRESS"])
@pytest.mark.parametrize("waiter", [name for name in waiter_names() if name.endswith("_updated")])
def test_what_is_being_deleted_is_no_success_though_its_last_update_was(waiter, deleting):
    resource, update = UPDATES[waiter]
    answer = {resource: {"status": deleting, update: {"status": "ACTIVE"}}}
    outcome = Wait(waiter, {"arn": "x"}).poll(StubClient(answer))
    assert (outcome.state, outcome.status) == ("failure", deleting)


@pytest.mark.parametrize("waiter", [name for name in waiter_names() if not name.endswith("_deleted")])
def test_what_was_created_just_now_may_not_be_found_for_a_minute(waiter, slept):
    (path,) = paths(waiter)
    not_found = error("ResourceNotFoundException")
    wait = Wait(waiter, {"arn": "arn:x"}, fresh=True)
    assert wait.poll(Service(path, not_found), waited=59).state == "retry"
    with pytest.raises(PersonalizeError, match="ResourceNotFoundException"):
        wait.poll(Service(path, not_found), waited=61)
    with pytest.raises(PersonalizeError, match="ResourceNotFoundException"):
        wait.wait(service := Service(path, not_found), Log())
    assert service.calls > 1


@pytest.mark.parametrize("waiter", [name for name in waiter_names() if name.endswith("_deleted")])
def test_what_cannot_be_found_is_deleted(waiter):
    service = Service(paths(waiter).pop(), error("ResourceNotFoundException"))
    assert Wait(waiter, {"arn": "x"}).poll(service).state == "success"


@pytest.mark.parametrize("waiter", waiter_names())
def test_a_state_that_nobody_declared_is_an_error(waiter):
    with pytest.raises(UnknownStatusError, match="arn:x is HALF ASLEEP"):
        Wait(waiter, {"arn": "arn:x"}).poll(Service(paths(waiter).pop(), "HALF ASLEEP"))


@pytest.mark.parametrize(
    "trouble",
    [
        error("ThrottlingException"),
        error("TooManyRequestsException", 429),
        error("InternalFailure", 500),
        error("AnythingElse", 503),
        EndpointConnectionError(endpoint_url="http://x"),
        ConnectTimeoutError(endpoint_url="http://x"),
    ],
)
def test_passing_trouble_never_ends_a_wait(slept, trouble):
    service = Service("campaign.status", "CREATE IN_PROGRESS", trouble, trouble, "ACTIVE")
    assert wait().wait(service, Log()).status == "ACTIVE"


def test_a_refusal_ends_a_wait(slept):
    with pytest.raises(PersonalizeError, match="ResourceNotFoundException"):
        wait().wait(Service("campaign.status", error("ResourceNotFoundException")), Log())


def test_a_failure_carries_the_resource_its_status_and_the_reason(slept):
    with pytest.raises(PersonalizeError) as failure:
        wait().wait(Service("campaign.status", "CREATE PENDING", "CREATE FAILED"), Log())
    assert (failure.value.resource, failure.value.status, failure.value.reason) == (
        "arn:x",
        "CREATE FAILED",
        "because",
    )


def test_a_wait_ends_after_its_last_attempt(slept):
    service = Service("campaign.status", "CREATE PENDING")
    with pytest.raises(WaitTimeoutError, match="still not done after the last attempt"):
        wait(max_attempts=4).wait(service, Log())
    assert service.calls == 4


@pytest.mark.parametrize("waiter", waiter_names())
def test_whenever_a_job_ends_it_is_noticed_within_a_tenth_of_what_was_waited_or_five_seconds(waiter):
    waited = 0.0
    for pause in Wait(waiter, {"arn": "x"}).pauses():
        assert pause <= max(5.0, 0.1 * (waited + sum(EARLY_POLL_PAUSES)))
        waited += pause


def test_pauses_end_at_the_delay_and_differ_from_wait_to_wait():
    pauses = list(wait(delay=60, max_attempts=200).pauses())
    assert 60 <= pauses[-1] <= 72 >= max(pauses)
    assert pauses != list(wait(delay=60, max_attempts=200).pauses())


def test_an_hour_of_waiting_takes_fewer_than_eighty_requests():
    total, requests = 0.0, 0
    for pause in wait("solution_version_complete").pauses():
        total, requests = total + pause, requests + 1
        if total > 3600:
            break
    assert requests < 80


def test_each_state_is_logged_once(slept):
    log = Log()
    service = Service("campaign.status", *["CREATE PENDING"] * 3, *["CREATE IN_PROGRESS"] * 4, "ACTIVE")
    wait().wait(service, log)
    assert [line.split(": ")[1].split(" after")[0] for line in log.lines] == [
        "CREATE PENDING",
        "CREATE IN_PROGRESS",
        "ACTIVE",
    ]


class StubClient:
    """A client whose every Describe gives this answer."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    def __getattr__(self, operation: str) -> Any:
        return lambda **arguments: self.answer


class Log:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, text: str, *values: Any) -> None:
        self.lines.append(text % values)


class Clock:
    """Shortly before ten past three, and the seconds of a test."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds = seconds

    def now(self, zone: tzinfo) -> datetime:
        return datetime(2026, 3, 1, 3, 9, 40, tzinfo=zone) + timedelta(seconds=self.seconds["now"])


@pytest.mark.parametrize(
    ("usual", "lines"),
    [
        (
            100.0,
            [
                "v: CREATE PENDING after 0 s, 0% of the usual 100 s: expected at 03:11 UTC",
                "v: CREATE IN_PROGRESS after 5 s, 5% of the usual 100 s: expected at 03:11 UTC",
                *(
                    f"v: CREATE IN_PROGRESS after {second} s, {second}% of the usual 100 s: expected at 03:11 UTC"
                    for second in range(15, 100, 10)
                ),
                "v: ACTIVE after 100 s",
            ],
        ),
        (
            60.0,
            [
                "v: CREATE PENDING after 0 s, 0% of the usual 60 s: expected at 03:10 UTC",
                "v: CREATE IN_PROGRESS after 5 s, 8% of the usual 60 s: expected at 03:10 UTC",
                *(
                    f"v: CREATE IN_PROGRESS after {second} s, {second / 60:.0%} of the usual 60 s: "
                    "expected at 03:10 UTC"
                    for second in range(15, 60, 10)
                ),
                *(
                    f"v: CREATE IN_PROGRESS after {second} s, longer than the usual 60 s"
                    for second in range(65, 100, 10)
                ),
                "v: ACTIVE after 100 s",
            ],
        ),
        (None, ["v: CREATE PENDING after 0 s", "v: CREATE IN_PROGRESS after 5 s"]),
    ],
)
def test_a_long_wait_says_how_far_it_is_beside_what_is_usual(monkeypatch, caplog, usual, lines):
    clock = {"now": 0.0}
    monkeypatch.setattr("airflow_personalize.waiter.time.monotonic", lambda: clock["now"])
    monkeypatch.setattr("airflow_personalize.waiter.datetime", Clock(clock))
    log = logging.getLogger("progress")
    with caplog.at_level(logging.INFO, "progress"):
        progress = Progress("v", log, usual)
        for second in range(100):
            clock["now"] = float(second)
            progress.update(Outcome("retry", "CREATE PENDING" if second < 5 else "CREATE IN_PROGRESS"))
        clock["now"] = 100.0
        progress.update(Outcome("success", "ACTIVE"))
    said = [record.getMessage() for record in caplog.records]
    assert said[: len(lines)] == lines
    assert said[-1] == "v: ACTIVE after 100 s"
    assert len(said) < 15
