"""Datasets, and schemas that grow and shrink."""

from __future__ import annotations

import time

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.dataset import PersonalizeCreateDatasetOperator
from tests.support.operator_runs import Task
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


def test_a_dataset_makes_its_schema_and_makes_it_again_if_it_is_gone(service):
    """A clean-up in the middle of a run took the schema away, and no retry could bring it back."""
    resources, personalize = DatasetGroupResources("whole", USERS), service.client("personalize")

    def ensure(schema: dict) -> str:
        operator = PersonalizeCreateDatasetOperator(
            task_id="dataset",
            dataset_name="whole-users",
            dataset_type="Users",
            dataset_group_arn=resources.group(),
            schema=schema,
            deferrable=False,
            waiter_delay=0.2,
        )
        return Task("dataset").run(operator)

    arn = ensure(USERS)
    (first,) = schemas(personalize)
    assert personalize.describe_dataset(datasetArn=arn)["dataset"]["schemaArn"] == first
    assert ensure(USERS) == arn
    assert schemas(personalize) == [first]
    grown = {**USERS, "fields": [*USERS["fields"], {"name": "device", "type": ["null", "string"]}]}
    assert ensure(grown) == arn
    personalize.delete_schema(schemaArn=first)
    assert ensure(grown) == arn
    assert len(schemas(personalize)) == 1
    personalize.delete_dataset(datasetArn=arn)
    while schemas(personalize) and not gone(personalize, arn):
        time.sleep(0.1)
    personalize.delete_schema(schemaArn=schemas(personalize)[0])
    assert ensure(grown) == arn  # with the schema that it has made again
    assert len(schemas(personalize)) == 1


def schemas(personalize) -> list[str]:
    listed = personalize.list_schemas()["schemas"]
    return [schema["schemaArn"] for schema in listed if schema["name"].startswith("whole-users-")]


def gone(personalize, arn: str) -> bool:
    try:
        personalize.describe_dataset(datasetArn=arn)
    except personalize.exceptions.ResourceNotFoundException:
        return True
    return False


@pytest.mark.parametrize("schemas", [{}, {"schema_arn": "arn", "schema": USERS}])
def test_a_dataset_has_one_schema_however_it_is_named(schemas):
    operator = PersonalizeCreateDatasetOperator(
        task_id="t", dataset_name="n", dataset_type="Users", dataset_group_arn="arn", **schemas
    )
    with pytest.raises(AirflowFailException, match="t needs schema_arn or schema, one of them"):
        Task("t").run(operator)
