"""Solution versions."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import AlreadyExistsError, InUseError, InvalidInputError
from localpersonalize.resources.solution_versions import require_trained
from tests.support.localpersonalize.in_process import InProcessService


def test_a_version_has_the_settings_of_its_solution(service: InProcessService) -> None:
    solution = service.solution(service.group(), eventType="View")
    version = service.version(solution)
    result = service.call("DescribeSolutionVersion", solutionVersionArn=version)["solutionVersion"]
    assert (result["eventType"], result["trainingMode"], result["trainingType"]) == ("View", "FULL", "MANUAL")
    assert service.queue.submitted[-1] == ("train", version)


def test_an_update_needs_a_version_that_was_trained(service: InProcessService) -> None:
    solution = service.solution(service.group())
    with pytest.raises(InvalidInputError, match="needs an ACTIVE solution version"):
        service.call("CreateSolutionVersion", solutionArn=solution, trainingMode="UPDATE")
    service.version(solution)
    service.call("CreateSolutionVersion", solutionArn=solution, trainingMode="UPDATE")


def test_names_differ_within_a_solution(service: InProcessService) -> None:
    solution = service.solution(service.group())
    service.call("CreateSolutionVersion", solutionArn=solution, name="v1")
    with pytest.raises(AlreadyExistsError, match="v1"):
        service.call("CreateSolutionVersion", solutionArn=solution, name="v1")


@pytest.mark.parametrize(
    ("before", "after"), [("CREATE PENDING", "CREATE STOPPED"), ("CREATE IN_PROGRESS", "CREATE STOPPING")]
)
def test_a_training_is_stopped_whether_or_not_it_has_begun(
    service: InProcessService, before: str, after: str
) -> None:
    version = service.version(service.solution(service.group()))
    service.context.database.change(version, status=before)
    service.call("StopSolutionVersionCreation", solutionVersionArn=version)
    assert service.status(version) == after
    assert service.queue.stopped == [version]


def test_a_version_that_is_being_trained_cannot_serve(service: InProcessService) -> None:
    version = service.version(service.solution(service.group()), active=False)
    with pytest.raises(InUseError, match="still being trained"):
        require_trained(service.context, version)
