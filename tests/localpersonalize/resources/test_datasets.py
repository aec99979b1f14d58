"""Datasets and their schemas."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from tests.support.localpersonalize.contexts import Desk
from tests.support.localpersonalize.live import schema

FIELDS = [("USER_ID", "string"), ("AGE", "int")]


def updated(desk: Desk, *fields: tuple[str, Any]) -> None:
    """Give the dataset of a new group another schema."""
    dataset = desk.users(desk.group())
    other = desk.create("Schema", active=False, name="other", schema=schema("Users", *fields))
    desk.call("UpdateDataset", datasetArn=dataset, schemaArn=other)


def test_a_dataset_is_named_after_its_group_and_type(desk: Desk) -> None:
    assert desk.interactions(desk.group()).endswith(":dataset/shop/INTERACTIONS")


def test_a_type_that_there_is_not(desk: Desk) -> None:
    with pytest.raises(InvalidInputError, match="Unknown dataset type Shoes"):
        desk.create("Dataset", name="d", datasetType="Shoes", datasetGroupArn=desk.group(), schemaArn="s")


def test_a_field_that_can_be_null_may_be_added(desk: Desk) -> None:
    updated(desk, *FIELDS, ("SIZE", ["null", "int"]))
    assert desk.queue.submitted[-1][0] == "update dataset"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ([FIELDS[0], ("CITY", ["null", "int"])], "has lost fields .*AGE"),
        ([*FIELDS, ("SIZE", "int")], "must allow null: SIZE"),
    ],
)
def test_a_schema_that_cannot_take_the_place_of_the_old_one(desk: Desk, fields: Any, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        updated(desk, *fields)


def test_the_schema_of_interactions_stays(desk: Desk) -> None:
    dataset = desk.interactions(desk.group())
    schema_arn = (desk.context.database.get(dataset) or {})["schemaArn"]
    with pytest.raises(InvalidInputError, match="INTERACTIONS can't be replaced"):
        desk.call("UpdateDataset", datasetArn=dataset, schemaArn=schema_arn)
