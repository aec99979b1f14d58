"""Solution versions."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import AlreadyExistsError, InUseError, InvalidInputError
from localpersonalize.resources.solution_versions import require_trained
from tests.support.localpersonalize.contexts import Desk


def test_a_version_has_the_settings_of_its_solution(desk: Desk) -> None:
    solution = desk.solution(desk.group(), eventType="View")
    version = desk.version(solution)
    found = desk.call("DescribeSolutionVersion", solutionVersionArn=version)["solutionVersion"]
    assert (found["eventType"], found["trainingMode"], found["trainingType"]) == ("View", "FULL", "MANUAL")
    assert desk.queue.submitted[-1] == ("train", version)


def test_an_update_needs_a_version_that_was_trained(desk: Desk) -> None:
    solution = desk.solution(desk.group())
    with pytest.raises(InvalidInputError, match="needs an ACTIVE solution version"):
        desk.call("CreateSolutionVersion", solutionArn=solution, trainingMode="UPDATE")
    desk.version(solution)
    desk.call("CreateSolutionVersion", solutionArn=solution, trainingMode="UPDATE")


def test_names_differ_within_a_solution(desk: Desk) -> None:
    solution = desk.solution(desk.group())
    desk.call("CreateSolutionVersion", solutionArn=solution, name="v1")
    with pytest.raises(AlreadyExistsError, match="v1"):
        desk.call("CreateSolutionVersion", solutionArn=solution, name="v1")


@pytest.mark.parametrize(
    ("before", "after"), [("CREATE PENDING", "CREATE STOPPED"), ("CREATE IN_PROGRESS", "CREATE STOPPING")]
)
def test_a_training_is_stopped_whether_or_not_it_has_begun(desk: Desk, before: str, after: str) -> None:
    version = desk.version(desk.solution(desk.group()))
    desk.context.database.change(version, status=before)
    desk.call("StopSolutionVersionCreation", solutionVersionArn=version)
    assert desk.status(version) == after
    assert desk.queue.stopped == [version]


def test_a_version_that_is_being_trained_cannot_serve(desk: Desk) -> None:
    version = desk.version(desk.solution(desk.group()), active=False)
    with pytest.raises(InUseError, match="still being trained"):
        require_trained(desk.context, version)
