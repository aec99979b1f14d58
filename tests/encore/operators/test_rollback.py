"""Which version a campaign goes back to."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from encore.operators.rollback import PersonalizeSelectRollbackVersionOperator
from tests.support.operator_runs import Task


def test_the_version_to_go_back_to_is_found_or_named(service, operated):
    def select(version: str | None = None, group: str = "operated", campaign: str = "operated"):
        return Task().run(
            PersonalizeSelectRollbackVersionOperator(
                task_id="select",
                dataset_group_name=group,
                campaign_name=campaign,
                version=version,
            )
        )

    newer = operated.versions[1]
    assert select(newer)["solution_version_arn"] == newer
    assert select(newer.split("/")[-1])["live"] == operated.versions[0]
    with pytest.raises(AirflowFailException, match="no older version"):
        select()
    with pytest.raises(AirflowFailException, match="nope is not a version"):
        select("nope")
    with pytest.raises(AirflowFailException, match="belongs to dataset group operated"):
        select(group="other")
    with pytest.raises(AirflowFailException, match="no campaign never-made"):
        select(campaign="never-made")
