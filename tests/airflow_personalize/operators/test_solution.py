"""Solutions: what exists with other settings is refused, and none trains by itself."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.solution import (
    PersonalizeCreateSolutionOperator,
)
from tests.support.operator_runs import Task
from tests.support.resources import POPULAR, WAIT


def test_a_solution_with_other_settings_is_refused_with_what_differs(service, trained):
    with pytest.raises(
        AirflowFailException, match=r"recipeArn: there .*popularity-count.* asked for .*aws-sims"
    ):
        trained.solution(recipe_arn="arn:aws:personalize:::recipe/aws-sims")


def test_a_solution_that_trains_by_itself_is_set_not_to(service, trained):
    group = trained.group()
    client = service.client("personalize")
    client.create_solution(
        name="self-willed", datasetGroupArn=group, recipeArn=POPULAR, performAutoTraining=True
    )
    arn = Task().run(
        PersonalizeCreateSolutionOperator(
            task_id="solution",
            solution_name="self-willed",
            dataset_group_arn=group,
            recipe_arn=POPULAR,
            **WAIT,
        )
    )
    assert client.describe_solution(solutionArn=arn)["solution"]["performAutoTraining"] is False
