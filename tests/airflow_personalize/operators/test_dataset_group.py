"""Dataset groups."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from tests.support.operator_runs import Task
from tests.support.resources import WAIT, DatasetGroupResources


def test_a_dataset_group_of_another_domain_is_refused(service, schema):
    DatasetGroupResources("domainless", schema).group()
    with pytest.raises(AirflowFailException, match="exists with the domain None, not ECOMMERCE"):
        Task().run(
            PersonalizeCreateDatasetGroupOperator(
                task_id="group", dataset_group_name="domainless", domain="ECOMMERCE", **WAIT
            )
        )
