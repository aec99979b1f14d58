"""Filters: found again by what they say, refused if they say something else."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.filter import PersonalizeCreateFilterOperator
from tests.support.operator_runs import Task
from tests.support.resources import NOT_BOUGHT, WAIT


def test_a_filter_is_found_again_whatever_its_white_space(trained, service):
    arn = Task().run(trained.filter())
    assert Task().run(trained.filter(NOT_BOUGHT.replace(" WHERE", "\n  WHERE"))) == arn


def test_a_filter_with_another_expression_is_refused_with_both(trained, service):
    Task().run(trained.filter())
    with pytest.raises(AirflowFailException, match=r'There: .*\("buy"\)\nAsked for: .*\("like"\)'):
        Task().run(trained.filter(NOT_BOUGHT.replace("buy", "like")))


def test_a_filter_that_the_service_does_not_understand_is_refused_with_its_message(trained, service):
    with pytest.raises(AirflowFailException, match="refused by the service"):
        Task().run(
            PersonalizeCreateFilterOperator(
                task_id="filter",
                filter_name="nonsense",
                dataset_group_arn=trained.group(),
                filter_expression="INCLUDE everything",
                **WAIT,
            )
        )
