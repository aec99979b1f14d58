"""Deletions: what is gone already counts as deleted."""

from __future__ import annotations

from airflow_personalize.operators.campaign import PersonalizeDeleteCampaignOperator
from airflow_personalize.operators.schema import PersonalizeDeleteSchemaOperator
from tests.support.operator_runs import Task


def test_what_is_gone_already_counts_as_deleted(service):
    missing = "arn:aws:personalize:us-east-1:123456789012:{}/never-was"
    assert (
        Task().run(PersonalizeDeleteCampaignOperator(task_id="d", campaign_arn=missing.format("campaign")))
        is None
    )
    assert (
        Task().run(PersonalizeDeleteSchemaOperator(task_id="d", schema_arn=missing.format("schema"))) is None
    )
