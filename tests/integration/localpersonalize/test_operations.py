"""Every operation of the three services: a valid call through boto3, and one that breaks the service model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from tests.support.localpersonalize.calls import CALLS
from tests.support.localpersonalize.live import code
from tests.support.localpersonalize.shop import Shop

SERVICES = ("personalize", "personalize-runtime", "personalize-events")
LOADER = Loader()


def operations() -> Iterator[tuple[str, OperationModel]]:
    for service in SERVICES:
        model = ServiceModel(LOADER.load_service_model(service, "service-2"), service)
        for name in model.operation_names:
            yield service, model.operation_model(name)


ALL = list(operations())
for_each_operation = pytest.mark.parametrize(("service", "model"), ALL, ids=[model.name for _, model in ALL])


def test_there_is_a_call_for_each_operation() -> None:
    assert sorted(CALLS) == sorted(model.name for _, model in ALL)
    assert len(ALL) == 79


@for_each_operation
def test_a_valid_call_succeeds(shop: Shop, service: str, model: OperationModel) -> None:
    call = getattr(shop.live.client(service), xform_name(model.name))
    answer = call(**CALLS[model.name](shop))
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    if model.output_shape is None or not model.output_shape.members:
        assert answer == {}
        return
    report = ParamValidator().validate(answer, model.output_shape)
    assert not report.has_errors(), report.generate_report()
    assert answer, "nothing came back"
    if model.name.startswith("Describe"):
        ((name, body),) = answer.items()
        expected = {"creationDateTime", "lastUpdatedDateTime"}
        assert expected <= set(body), f"{name} lacks {expected - set(body)}"


@for_each_operation
def test_a_call_that_breaks_the_model_is_refused(shop: Shop, service: str, model: OperationModel) -> None:
    broken = _broken(model.input_shape, _plain(_example(model.input_shape)))
    client = shop.live.client(service, parameter_validation=False)
    assert code(lambda: getattr(client, xform_name(model.name))(**broken)) == "InvalidInputException"


def _example(shape: Shape | None, name: str = "") -> Any:
    """The least value that the model takes."""
    if shape is None:
        return {}
    if isinstance(shape, StructureShape):
        return {member: _example(shape.members[member], member) for member in shape.required_members}
    kind = shape.type_name
    if kind == "list":
        return [_example(shape.member)]
    if kind == "map":
        return {}
    if kind == "string":
        arn = f"arn:aws:{'iam' if 'role' in name.lower() else 'personalize'}::123456789012:role/x"
        return (shape.metadata.get("enum") or [None])[0] or (arn if "arn" in shape.name.lower() else "x1")
    return {"boolean": True, "timestamp": datetime.now(UTC)}.get(kind, shape.metadata.get("min", 1))


def _broken(shape: StructureShape, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters with one constraint of the model broken: a required member left out, else a bad value."""
    if shape.required_members:
        left_out = shape.required_members[-1]
        return {name: value for name, value in params.items() if name != left_out}
    for name, member in shape.members.items():
        if member.metadata.get("max") and member.type_name == "integer":
            return {**params, name: member.metadata["max"] + 1}
        if member.type_name == "string" and (member.metadata.get("pattern") or member.metadata.get("max")):
            return {**params, name: "not valid!" * 1000}
    raise AssertionError("The model has no constraint to break.")


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(params, default=lambda value: value.timestamp()))


def test_the_model_is_the_one_of_botocore(shop: Shop) -> None:
    client = shop.live.client("personalize", parameter_validation=False)
    assert code(lambda: client.list_datasets(maxResults=101)) == "InvalidInputException"
    assert code(lambda: client.list_datasets(nextToken="no token")) == "InvalidNextTokenException"
