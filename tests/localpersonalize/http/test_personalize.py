"""Answers of the API, and the faults that take their place."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any, Literal

import pytest

from localpersonalize.fault_injection import Fault, Faults
from localpersonalize.http.personalize import ApiRequest, ApiResponse, HangUpError, PersonalizeApi
from localpersonalize.http.request_counts import RequestCounts
from localpersonalize.runtime.metrics import Metrics
from tests.support.localpersonalize.in_process import INTERACTIONS, InProcessService


def post(
    service: InProcessService, operation: str, faults: Faults | None = None, **params: Any
) -> ApiResponse:
    async def read() -> bytes:
        return json.dumps(params).encode()

    counts = RequestCounts(service.context.clients)
    api = PersonalizeApi(service.context, faults or Faults(), Metrics(), counts)
    return asyncio.run(api.answer(ApiRequest("POST", "/", f"AmazonPersonalize.{operation}", read)))


@pytest.fixture
def service(tmp_path: Path) -> InProcessService:
    return InProcessService(tmp_path)


def test_an_answer_and_an_error_have_the_form_of_the_service(service: InProcessService) -> None:
    made = post(service, "CreateDatasetGroup", name="shop")
    assert (made.status, json.loads(made.content)["datasetGroupArn"][-4:]) == (200, "shop")
    missing = post(service, "DescribeFilter", filterArn="arn:aws:personalize:us-east-1:1:filter/none")
    assert (missing.status, json.loads(missing.content)["__type"]) == (400, "ResourceNotFoundException")
    assert (b"x-amzn-errortype", b"ResourceNotFoundException") in missing.headers


def test_what_breaks_says_nothing_of_the_inside(service: InProcessService) -> None:
    service.context.database.close()
    answer = post(service, "ListFilters")
    assert (answer.status, json.loads(answer.content)["message"]) == (500, "An internal error occurred.")


@pytest.mark.parametrize(("kind", "groups"), [("drop", 0), ("lost", 1)])
def test_an_answer_is_lost_before_or_after_the_work(
    service: InProcessService, kind: Literal["drop", "lost"], groups: int
) -> None:
    with pytest.raises(HangUpError):
        post(service, "CreateDatasetGroup", Faults([Fault(kind=kind)]), name="shop")
    assert len(service.call("ListDatasetGroups")["datasetGroups"]) == groups


def test_a_throttled_request_does_nothing(service: InProcessService) -> None:
    answer = post(service, "CreateDatasetGroup", Faults([Fault(kind="throttle")]), name="shop")
    assert json.loads(answer.content)["__type"] == "ThrottlingException"
    assert service.call("ListDatasetGroups")["datasetGroups"] == []


def test_a_full_disk_is_a_state_that_passes(service: InProcessService) -> None:
    """A modelled error that SDKs try again, with the way out; reading goes on."""
    post(service, "CreateDatasetGroup", name="shop")
    connection = service.context.database._connection
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
    answer = post(service, "CreateSchema", name="big", schema=INTERACTIONS + " " * 9000)
    body = json.loads(answer.content)
    assert (answer.status, body["__type"]) == (503, "ServiceUnavailable")
    assert "no space left on device" in body["message"]
    assert "Free space" in body["message"]
    assert post(service, "ListDatasetGroups").status == 200
    connection.execute("PRAGMA max_page_count = 100000")
    assert post(service, "CreateSchema", name="big", schema=INTERACTIONS + " " * 9000).status == 200


def test_a_database_that_turns_out_to_be_damaged_is_said_with_the_way_out(service: InProcessService) -> None:
    post(service, "CreateDatasetGroup", name="shop")

    def fail(*_: Any) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    service.context.database.all = fail  # type: ignore[assignment, method-assign]
    answer = post(service, "ListFilters")
    assert (answer.status, json.loads(answer.content)["__type"]) == (500, "InternalFailure")
    assert "check --repair" in json.loads(answer.content)["message"]
