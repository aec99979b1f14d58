"""What a solution shows of its newest version."""

from __future__ import annotations

from localpersonalize.resources.latest_version import change_version
from tests.support.localpersonalize.contexts import Desk


def test_a_solution_shows_its_newest_version_without_what_is_the_services_own(desk: Desk) -> None:
    solution = desk.solution(desk.group())
    older, newer = desk.version(solution), desk.version(solution)
    change_version(desk.context, newer, status="ACTIVE", _metrics={})
    change_version(desk.context, older, status="CREATE FAILED")
    shown = desk.call("DescribeSolution", solutionArn=solution)["solution"]["latestSolutionVersion"]
    assert (shown["solutionVersionArn"], shown["status"]) == (newer, "ACTIVE")
    assert "_metrics" not in shown
