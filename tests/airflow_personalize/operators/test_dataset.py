"""Datasets, and schemas that grow and shrink."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.support.resources import DatasetGroupResources


def test_a_schema_with_a_new_nullable_field_is_put_into_the_dataset(service, schema):
    resources = DatasetGroupResources("growing", schema)
    arn = resources.dataset()
    grown = {**schema, "fields": [*schema["fields"], {"name": "device", "type": ["null", "string"]}]}
    assert resources.dataset(grown) == arn
    there = service.client("personalize").describe_dataset(datasetArn=arn)["dataset"]
    assert there["latestDatasetUpdate"]["status"] == "ACTIVE"
    assert resources.dataset(grown) == arn


def test_a_schema_that_the_service_refuses_fails_with_the_steps_that_lead_on(service, schema):
    resources = DatasetGroupResources("shrinking", schema)
    grown = {**schema, "fields": [*schema["fields"], {"name": "device", "type": ["null", "string"]}]}
    resources.dataset(grown)
    with pytest.raises(
        AirflowFailException, match=r"\(1\) delete the dataset .* \(2\) trigger this DAG again"
    ):
        resources.dataset(schema)
