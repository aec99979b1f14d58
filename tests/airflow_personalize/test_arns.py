"""ARNs, and the parameters that are named after them: in signatures, templates, mapped tasks and serialised DAGs."""

from __future__ import annotations

import inspect
from datetime import datetime

import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from airflow_personalize.arns import ArnParameterMixin, arn_member, arn_of, arn_parameter, kind_of
from airflow_personalize.operators.campaign import PersonalizeDeleteCampaignOperator
from airflow_personalize.sensors.dataset_import_job import PersonalizeDatasetImportJobSensor
from tests.support.airflow_classes import classes_of

GROUP = "arn:aws-cn:personalize:cn-north-1:123456789012:dataset-group/g"
JOB = "arn:aws-cn:personalize:cn-north-1:123456789012:dataset-import-job/j"
NAMED_BY_ARN = [
    kind
    for kind in classes_of("airflow_personalize")
    if issubclass(kind, ArnParameterMixin) and hasattr(kind, "kind")
]


def test_an_arn_is_of_the_partition_region_and_account_of_another():
    assert arn_of(GROUP, "dataset-import-job", "j") == JOB


def test_a_kind_is_read_from_an_arn_and_names_member_and_parameter():
    assert kind_of(JOB) == "dataset_import_job"
    assert arn_member("dataset_import_job") == "datasetImportJobArn"
    assert arn_parameter("dataset_import_job") == "dataset_import_job_arn"


@pytest.mark.parametrize("kind", NAMED_BY_ARN, ids=lambda kind: kind.__name__)
def test_the_parameter_is_in_the_signature_the_templates_and_the_docstring(kind):
    assert kind.parameter in inspect.signature(kind.__init__).parameters
    assert kind.parameter in kind.template_fields
    assert f":param {kind.parameter}:" in kind.__doc__
    assert kind(task_id="t", **{kind.parameter: GROUP}).arn == GROUP
    with pytest.raises(TypeError, match=f"missing keyword argument '{kind.parameter}'"):
        kind(task_id="t")


def test_there_are_sensors_deletions_and_others():
    assert len(NAMED_BY_ARN) > 25


def test_it_can_be_mapped_and_survives_serialisation():
    with DAG("d", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        PersonalizeDatasetImportJobSensor.partial(task_id="wait", deferrable=True).expand(
            dataset_import_job_arn=[JOB, JOB]
        )
        PersonalizeDeleteCampaignOperator(task_id="delete", campaign_arn="{{ params.campaign }}")
    restored = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    assert restored.get_task("wait").is_mapped
    assert restored.get_task("delete").campaign_arn == "{{ params.campaign }}"
    assert "dataset_import_job_arn" in restored.get_task("wait").template_fields


def test_a_parameter_that_is_not_there_is_refused_when_mapped():
    with pytest.raises(TypeError, match="unexpected"):
        PersonalizeDatasetImportJobSensor.partial(task_id="wait").expand(campaign_arn=[GROUP])


def test_it_is_taken_from_the_dag_s_default_arguments():
    with DAG("d", schedule=None, start_date=datetime(2026, 1, 1), default_args={"campaign_arn": GROUP}):
        assert PersonalizeDeleteCampaignOperator(task_id="delete").campaign_arn == GROUP
