"""Solutions."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InUseError, InvalidInputError, NotFoundError
from tests.support.localpersonalize.contexts import Desk


def test_defaults_are_those_of_the_service(desk: Desk) -> None:
    arn = desk.solution(desk.group())
    found = desk.call("DescribeSolution", solutionArn=arn)["solution"]
    assert found["performAutoTraining"]
    assert not found["performHPO"]


def test_a_recipe_that_there_is_not(desk: Desk) -> None:
    group = desk.group()
    with pytest.raises(NotFoundError, match="There is no recipe"):
        desk.create(
            "Solution", name="s", datasetGroupArn=group, recipeArn="arn:aws:personalize:::recipe/none"
        )
    with pytest.raises(InvalidInputError, match="recipeArn is required"):
        desk.create("Solution", name="s", datasetGroupArn=group)


def test_one_update_at_a_time(desk: Desk) -> None:
    arn = desk.solution(desk.group())
    desk.call("UpdateSolution", solutionArn=arn, performAutoTraining=False)
    assert desk.queue.submitted[-1] == ("update solution", arn)
    with pytest.raises(InUseError, match="being updated"):
        desk.call("UpdateSolution", solutionArn=arn, performAutoTraining=True)


def test_metrics_are_those_of_a_trained_version(desk: Desk) -> None:
    version = desk.version(desk.solution(desk.group()))
    desk.context.database.change(version, _metrics={"coverage": 0.5})
    assert desk.call("GetSolutionMetrics", solutionVersionArn=version)["metrics"] == {"coverage": 0.5}
