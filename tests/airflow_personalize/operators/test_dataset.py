"""Datasets, and schemas that grow and shrink."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.support.resources import DatasetGroupResources

USERS = {
    "type": "record",
    "name": "Users",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [{"name": "user_id", "type": "string"}, {"name": "age", "type": ["null", "int"]}],
    "version": "1.0",
}


def test_a_schema_with_a_new_nullable_field_is_put_into_the_dataset(service):
    resources = DatasetGroupResources("growing", USERS)
    arn = resources.dataset(dataset_type="Users")
    grown = {**USERS, "fields": [*USERS["fields"], {"name": "device", "type": ["null", "string"]}]}
    assert resources.dataset(grown, dataset_type="Users") == arn
    state = service.client("personalize").describe_dataset(datasetArn=arn)["dataset"]
    assert state["latestDatasetUpdate"]["status"] == "ACTIVE"
    assert resources.dataset(grown, dataset_type="Users") == arn


def test_the_schema_of_interactions_is_not_replaced_by_a_longer_one_either(service, schema):
    """The guide: only the schemas of Users and Items can be replaced (updating-dataset-schema)."""
    resources = DatasetGroupResources("constant", schema)
    resources.dataset()
    grown = {**schema, "fields": [*schema["fields"], {"name": "device", "type": ["null", "string"]}]}
    with pytest.raises(AirflowFailException, match=r"of type INTERACTIONS can't be replaced"):
        resources.dataset(grown)


def test_a_schema_that_the_service_refuses_fails_with_the_steps_that_lead_on(service, schema):
    resources = DatasetGroupResources("shrinking", schema)
    grown = {**schema, "fields": [*schema["fields"], {"name": "device", "type": ["null", "string"]}]}
    resources.dataset(grown)
    with pytest.raises(
        AirflowFailException, match=r"\(1\) delete the dataset .* \(2\) trigger this DAG again"
    ):
        resources.dataset(schema)
