"""A dataset group goes with all it holds."""

from __future__ import annotations

import pytest

from airflow_personalize.operators.delete_dataset_group import PersonalizeDeleteDatasetGroupTreeOperator
from tests.support.operator_runs import Task
from tests.support.resources import WAIT, DatasetGroupResources


def test_a_dataset_group_goes_with_all_it_holds_in_order(service, schema):
    resources, client = DatasetGroupResources("doomed", schema), service.client("personalize")
    Task("import").run(resources.import_())
    version = Task("train").run(resources.version())
    Task().run(resources.campaign(version))
    Task().run(resources.filter())
    Task().run(resources.tracker())
    schema_arn = client.describe_dataset(datasetArn=resources.dataset())["dataset"]["schemaArn"]
    group = resources.group()
    delete = PersonalizeDeleteDatasetGroupTreeOperator(
        task_id="delete", dataset_group_arn=group, delete_schemas=True, **WAIT
    )
    Task().run(delete)
    assert group not in [
        result["datasetGroupArn"] for result in client.list_dataset_groups()["datasetGroups"]
    ]
    assert resources.name not in [result["name"] for result in client.list_campaigns()["campaigns"]]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_schema(schemaArn=schema_arn)
    Task().run(delete)  # and once more: nothing is left to do
