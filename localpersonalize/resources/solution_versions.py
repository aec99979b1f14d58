"""Solution versions: one training each."""

from __future__ import annotations

import secrets

from localpersonalize.protocol.errors import AlreadyExistsError, InUseError, InvalidInputError
from localpersonalize.resource_types import (
    ACTIVE,
    CREATE_IN_PROGRESS,
    CREATE_PENDING,
    CREATE_STOPPED,
    CREATE_STOPPING,
    SOLUTION,
    SOLUTION_VERSION,
    Solution,
    SolutionVersion,
)
from localpersonalize.resources import lifecycle
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.latest_version import change_version, show_in_solution

MEMBERS_OF_SOLUTION = (
    "performHPO",
    "performAutoML",
    "recipeArn",
    "eventType",
    "datasetGroupArn",
    "solutionConfig",
    "performIncrementalUpdate",
)
"""What a version takes over from its solution as that is when the training is asked for."""
RUNNING = (CREATE_PENDING, CREATE_IN_PROGRESS)


def create(context: Context, params: Params) -> Answer:
    solution = lifecycle.require_active(
        context.resources.require(SOLUTION, params["solutionArn"]), "The solution"
    )
    arn = begin_training(
        context,
        solution,
        training_mode=params.get("trainingMode", "FULL"),
        name=params.get("name"),
        tags=params.get("tags"),
    )
    return {"solutionVersionArn": arn}


def begin_training(
    context: Context,
    solution: Solution,
    *,
    training_mode: str = "FULL",
    training_type: str = "MANUAL",
    name: str | None = None,
    tags: list[dict[str, str]] | None = None,
) -> str:
    """Make a new version of a solution, to be trained; its ARN.

    :raises InvalidInputError: if there is nothing that an UPDATE could start from.
    :raises AlreadyExistsError: if another version of the solution has the name.
    :raises LimitExceededError: if too many are being trained.
    """
    solution_arn = solution["solutionArn"]
    earlier = context.resources.all(SOLUTION_VERSION, solution_arn)
    if training_mode == "UPDATE" and not any(version["status"] == ACTIVE for version in earlier):
        raise InvalidInputError(
            "trainingMode UPDATE needs an ACTIVE solution version that was trained with FULL."
        )
    suffix = secrets.token_hex(4)
    arn = f"{solution_arn}/{suffix}"
    body = {
        **{member: value for member, value in solution.items() if member in MEMBERS_OF_SOLUTION},
        "name": name or f"{solution['name']}/{suffix}",
        **({"tags": tags} if tags else {}),
        "solutionArn": solution_arn,
        "trainingMode": training_mode,
        "trainingType": training_type,
    }
    with context.database.transaction():
        if name and any(version.get("name") == name for version in earlier):
            raise AlreadyExistsError(
                f"Another solution version of {solution_arn} already has the name {name}."
            )
        lifecycle.limit_pending(context, SOLUTION_VERSION, arn)
        made = lifecycle.create(context, SOLUTION_VERSION, arn, body, parent=solution_arn, job="train")
        show_in_solution(context.resources, made)
    return arn


def stop(context: Context, params: Params) -> Answer:
    arn = params["solutionVersionArn"]
    with context.database.transaction():
        version = context.resources.require(SOLUTION_VERSION, arn)
        if version["status"] not in RUNNING:
            raise InvalidInputError(
                f"The solution version can't be stopped: its status is {version['status']}."
            )
        running = version["status"] == CREATE_IN_PROGRESS
        change_version(context, arn, status=CREATE_STOPPING if running else CREATE_STOPPED)
    context.jobs.stop_worker(arn)
    return {}


def require_trained(context: Context, arn: str) -> SolutionVersion:
    """An ACTIVE solution version.

    :raises InUseError: while it is being trained.
    """
    version = context.resources.require(SOLUTION_VERSION, arn)
    if version["status"] in RUNNING:
        raise InUseError(f"Solution version {arn} is still being trained; its status is {version['status']}.")
    return lifecycle.require_active(version, f"Solution version {arn}")
