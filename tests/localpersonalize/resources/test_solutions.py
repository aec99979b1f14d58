"""Solutions."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InUseError, InvalidInputError, NotFoundError
from tests.support.localpersonalize.in_process import InProcessService


def test_defaults_are_those_of_the_service(service: InProcessService) -> None:
    arn = service.solution(service.group())
    result = service.call("DescribeSolution", solutionArn=arn)["solution"]
    assert result["performAutoTraining"]
    assert not result["performHPO"]


def test_a_recipe_that_there_is_not(service: InProcessService) -> None:
    group = service.group()
    with pytest.raises(NotFoundError, match="There is no recipe"):
        service.create(
            "Solution", name="s", datasetGroupArn=group, recipeArn="arn:aws:personalize:::recipe/none"
        )
    with pytest.raises(InvalidInputError, match="recipeArn is required"):
        service.create("Solution", name="s", datasetGroupArn=group)


def test_one_update_at_a_time(service: InProcessService) -> None:
    arn = service.solution(service.group())
    service.call("UpdateSolution", solutionArn=arn, performAutoTraining=False)
    assert service.queue.submitted[-1] == ("update solution", arn)
    with pytest.raises(InUseError, match="being updated"):
        service.call("UpdateSolution", solutionArn=arn, performAutoTraining=True)


def test_metrics_are_those_of_a_trained_version(service: InProcessService) -> None:
    version = service.version(service.solution(service.group()))
    service.context.database.change(version, _metrics={"coverage": 0.5})
    assert service.call("GetSolutionMetrics", solutionVersionArn=version)["metrics"] == {"coverage": 0.5}
