"""Answers of the API, and the faults that take their place."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Literal

import pytest

from localpersonalize.fault_injection import Fault, Faults
from localpersonalize.http.personalize import ApiRequest, ApiResponse, HangUpError, PersonalizeApi
from localpersonalize.runtime.metrics import Metrics
from tests.support.localpersonalize.in_process import InProcessService


def ask(
    service: InProcessService, operation: str, faults: Faults | None = None, **params: Any
) -> ApiResponse:
    async def read() -> bytes:
        return json.dumps(params).encode()

    api = PersonalizeApi(service.context, faults or Faults(), Metrics())
    return asyncio.run(api.answer(ApiRequest("POST", "/", f"AmazonPersonalize.{operation}", read)))


@pytest.fixture
def service(tmp_path: Path) -> InProcessService:
    return InProcessService(tmp_path)


def test_an_answer_and_an_error_have_the_form_of_the_service(service: InProcessService) -> None:
    made = ask(service, "CreateDatasetGroup", name="shop")
    assert (made.status, json.loads(made.content)["datasetGroupArn"][-4:]) == (200, "shop")
    missing = ask(service, "DescribeFilter", filterArn="arn:aws:personalize:us-east-1:1:filter/none")
    assert (missing.status, json.loads(missing.content)["__type"]) == (400, "ResourceNotFoundException")
    assert (b"x-amzn-errortype", b"ResourceNotFoundException") in missing.headers


def test_what_breaks_says_nothing_of_the_inside(service: InProcessService) -> None:
    service.context.database.close()
    answer = ask(service, "ListFilters")
    assert (answer.status, json.loads(answer.content)["message"]) == (500, "An internal error occurred.")


@pytest.mark.parametrize(("kind", "groups"), [("drop", 0), ("lost", 1)])
def test_an_answer_is_lost_before_or_after_the_work(
    service: InProcessService, kind: Literal["drop", "lost"], groups: int
) -> None:
    with pytest.raises(HangUpError):
        ask(service, "CreateDatasetGroup", Faults([Fault(kind=kind)]), name="shop")
    assert len(service.call("ListDatasetGroups")["datasetGroups"]) == groups


def test_a_throttled_request_does_nothing(service: InProcessService) -> None:
    answer = ask(service, "CreateDatasetGroup", Faults([Fault(kind="throttle")]), name="shop")
    assert json.loads(answer.content)["__type"] == "ThrottlingException"
    assert service.call("ListDatasetGroups")["datasetGroups"] == []
