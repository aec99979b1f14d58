"""`latestSolutionVersion`: what a solution shows of its newest version, kept in step with it."""

from __future__ import annotations

from typing import Any

from localpersonalize.resource_types import SOLUTION, SOLUTION_VERSION, SolutionVersion
from localpersonalize.resources.context import Context
from localpersonalize.resources.repository import Repository


def change_version(context: Context, arn: str, **changes: Any) -> None:
    """Change a version, and what its solution shows of it."""
    with context.database.transaction():
        version = context.resources.change(SOLUTION_VERSION, arn, **changes)
        if version:
            show_in_solution(context.resources, version)


def show_in_solution(resources: Repository, version: SolutionVersion) -> None:
    """Show a version in its solution, unless a newer one is shown there."""
    solution = resources.find(SOLUTION, version["solutionArn"])
    latest = solution.get("latestSolutionVersion") if solution else None
    if latest is None or latest["creationDateTime"] <= version["creationDateTime"]:
        public = {name: value for name, value in version.items() if not name.startswith("_")}
        resources.change(SOLUTION, version["solutionArn"], latestSolutionVersion=public)
