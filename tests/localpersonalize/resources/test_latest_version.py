"""What a solution shows of its newest version."""

from __future__ import annotations

from localpersonalize.resources.latest_version import change_version
from tests.support.localpersonalize.in_process import InProcessService


def test_a_solution_shows_its_newest_version_without_what_is_the_services_own(
    service: InProcessService,
) -> None:
    solution = service.solution(service.group())
    older, newer = service.version(solution), service.version(solution)
    change_version(service.context, newer, status="ACTIVE", _metrics={})
    change_version(service.context, older, status="CREATE FAILED")
    latest = service.call("DescribeSolution", solutionArn=solution)["solution"]["latestSolutionVersion"]
    assert (latest["solutionVersionArn"], latest["status"]) == (newer, "ACTIVE")
    assert "_metrics" not in latest
