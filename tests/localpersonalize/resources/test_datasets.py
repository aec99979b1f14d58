"""Datasets and their schemas."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from tests.support.localpersonalize.in_process import InProcessService
from tests.support.localpersonalize.live import schema

FIELDS = [("USER_ID", "string"), ("AGE", "int")]


def updated(service: InProcessService, *fields: tuple[str, Any]) -> None:
    """Give the dataset of a new group another schema."""
    dataset = service.users(service.group())
    other = service.create("Schema", active=False, name="other", schema=schema("Users", *fields))
    service.call("UpdateDataset", datasetArn=dataset, schemaArn=other)


def test_a_dataset_is_named_after_its_group_and_type(service: InProcessService) -> None:
    assert service.interactions(service.group()).endswith(":dataset/shop/INTERACTIONS")


def test_a_type_that_there_is_not(service: InProcessService) -> None:
    with pytest.raises(InvalidInputError, match="Unknown dataset type Shoes"):
        service.create(
            "Dataset", name="d", datasetType="Shoes", datasetGroupArn=service.group(), schemaArn="s"
        )


def test_a_field_that_can_be_null_may_be_added(service: InProcessService) -> None:
    updated(service, *FIELDS, ("SIZE", ["null", "int"]))
    assert service.queue.submitted[-1][0] == "update dataset"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ([FIELDS[0], ("CITY", ["null", "int"])], "has lost fields .*AGE"),
        ([*FIELDS, ("SIZE", "int")], "must allow null: SIZE"),
    ],
)
def test_a_schema_that_cannot_take_the_place_of_the_old_one(
    service: InProcessService, fields: Any, says: str
) -> None:
    with pytest.raises(InvalidInputError, match=says):
        updated(service, *fields)


def test_the_schema_of_interactions_stays(service: InProcessService) -> None:
    dataset = service.interactions(service.group())
    schema_arn = (service.context.database.get(dataset) or {})["schemaArn"]
    with pytest.raises(InvalidInputError, match="INTERACTIONS can't be replaced"):
        service.call("UpdateDataset", datasetArn=dataset, schemaArn=schema_arn)
