"""Requests and answers keep to botocore's service models."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from localpersonalize.protocol.errors import InvalidInputError, ServiceError
from localpersonalize.protocol.operations import Operations, serialise_error

OPERATIONS = Operations()


def parse(operation: str, /, **members: Any) -> dict[str, Any]:
    return OPERATIONS.by_name[operation].parse(json.dumps(members).encode())


def refusal(operation: str, /, **members: Any) -> str:
    with pytest.raises(InvalidInputError) as raised:
        parse(operation, **members)
    return raised.value.message


def test_there_are_71_operations_and_3_and_5() -> None:
    services = [operation.service for operation in OPERATIONS.by_name.values()]
    counted = {service: services.count(service) for service in set(services)}
    assert counted == {"personalize": 71, "personalize-runtime": 3, "personalize-events": 5}


def test_all_broken_constraints_are_reported_at_once() -> None:
    message = refusal("CreateDatasetGroup", name="-", domain="SHOES", kmsKeyArn=5)
    assert message.startswith("3 validation errors detected: ")
    assert "'name'" in message
    assert "enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]" in message
    assert "'kmsKeyArn'" in message


@pytest.mark.parametrize(
    ("name", "members", "message"),
    [
        ("CreateSchema", {"name": "n"}, "Value null at 'schema'"),
        ("ListCampaigns", {"maxResults": 101}, "less than or equal to 100"),
        ("ListCampaigns", {"maxResults": True}, "number"),
        ("ListCampaigns", {"maxResults": 1.5}, "number"),
        ("TagResource", {"resourceArn": "arn:aws:personalize:r:1:x/y", "tags": {}}, "a list"),
        ("GetRecommendations", {"context": {"A": 1}}, "a string"),
        ("PutEvents", {"trackingId": "t", "sessionId": "s", "eventList": []}, "greater than or equal to 1"),
    ],
)
def test_a_value_that_the_model_does_not_allow_is_refused(
    name: str, members: dict[str, Any], message: str
) -> None:
    assert message in refusal(name, **members)


def test_secrets_are_not_repeated_in_errors() -> None:
    message = refusal("GetRecommendations", filterValues={"A": "u" * 1001})
    assert "length less than or equal to 1000" in message
    assert "uuu" not in message


def test_members_that_the_model_lacks_are_ignored() -> None:
    assert parse("ListCampaigns", maxResults=3, colour="red") == {"maxResults": 3}


def test_times_come_as_seconds_or_as_text() -> None:
    event = {"eventType": "view", "itemId": "i"}
    for sent in (1_700_000_000, "2023-11-14T22:13:20Z"):
        made = parse("PutEvents", trackingId="t", sessionId="s", eventList=[{**event, "sentAt": sent}])
        assert made["eventList"][0]["sentAt"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"1", b"[" * 100_000])
def test_a_body_that_is_not_a_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(ServiceError) as raised:
        OPERATIONS.by_name["ListCampaigns"].parse(body)
    assert raised.value.code == "SerializationException"


def test_answers_have_what_the_model_has_and_nothing_else() -> None:
    operation = OPERATIONS.by_name["DescribeDatasetGroup"]
    body = {"name": "n", "_own": 1, "status": None, "creationDateTime": datetime(2024, 1, 1, tzinfo=UTC)}
    written = json.loads(operation.serialise({"datasetGroup": body, "other": 1}))
    assert written == {"datasetGroup": {"name": "n", "creationDateTime": 1_704_067_200.0}}


def test_operations_are_found_by_target_or_path() -> None:
    assert OPERATIONS.find("POST", "/", "AmazonPersonalize.ListCampaigns").name == "ListCampaigns"
    assert OPERATIONS.find("POST", "/recommendations", None).name == "GetRecommendations"
    for method, path, target in (
        ("GET", "/recommendations", None),
        ("POST", "/recommendations/..", None),
        ("POST", "/", "AmazonPersonalize.Nothing"),
    ):
        with pytest.raises(ServiceError) as raised:
            OPERATIONS.find(method, path, target)
        assert raised.value.code == "UnknownOperationException"


def test_errors_name_their_exception() -> None:
    assert json.loads(serialise_error(InvalidInputError("no"))) == {
        "__type": "InvalidInputException",
        "message": "no",
    }
