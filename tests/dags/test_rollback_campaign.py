"""What the rollback's form says reaches its tasks as text."""

from __future__ import annotations

import copy

import pytest
from airflow.sdk.definitions.xcom_arg import PlainXComArg

from encore.config import load_pipeline


@pytest.mark.parametrize("version", ["13740e49", "00000001", "abcdef01", "True", None])
def test_a_version_that_reads_like_a_number_stays_text(dags, version):
    dag = dags["rollback_campaign"]
    select, campaign = (copy.copy(dag.get_task(name)) for name in ("select_version", "campaign"))
    params = {"campaign": "1e3", "version": version}
    select.render_template_fields({"params": params})
    assert (select.campaign_name, select.version) == ("1e3", version)
    assert (
        campaign.render_template(campaign.campaign_name, {"params": params}, dag.get_template_env()) == "1e3"
    )


def test_its_check_samples_the_exported_interactions(dags):
    """Their folder, spelled as it is in S3: another slash at its end is another folder, with nothing in it."""
    group = load_pipeline().dataset_groups[0]
    location = dags["rollback_campaign"].get_task("verify").sample_location
    assert location == f"s3://{group.bucket}/{group.prefix}/interactions/"


def test_what_a_task_takes_by_name_its_source_returns_by_name(dags):
    """`output["summary"]` is there only if the task before gives each of its outputs a name of its own."""
    dag = dags["rollback_campaign"]
    sources = [
        source.operator
        for task in dag.tasks
        for field in task.template_fields
        if isinstance(source := getattr(task, field, None), PlainXComArg) and source.key != "return_value"
    ]
    assert {task.task_id for task in sources} == {"select_version", "verify"}
    assert all(task.multiple_outputs for task in sources)


def test_it_is_recorded_however_it_goes(dags):
    record = dags["rollback_campaign"].get_task("record")
    assert record.is_teardown
    assert "verify" in record.upstream_task_ids
