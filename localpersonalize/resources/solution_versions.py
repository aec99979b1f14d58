"""Solution versions: one training each."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.jobs.queue import WorkerFailedError, WorkerStoppedError, job
from localpersonalize.protocol.errors import AlreadyExistsError, InUseError, InvalidInputError
from localpersonalize.resources import lifecycle
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.database import Body
    from localpersonalize.service import Service

log = logging.getLogger(__name__)
COPIED = (
    "performHPO",
    "performAutoML",
    "recipeArn",
    "eventType",
    "datasetGroupArn",
    "solutionConfig",
    "performIncrementalUpdate",
)
AFTER_TRAINING: list[Callable[[Service, str], None]] = []
"""Called with the solution's ARN when one of its versions has become ACTIVE."""
RUNNING = (lifecycle.PENDING, lifecycle.IN_PROGRESS)


@operation("CreateSolutionVersion")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    solution = lifecycle.require_active(service.require(params["solutionArn"], "Solution"), "The solution")
    return {"solutionVersionArn": begin(service, solution, params)}


def begin(
    service: Service, solution: Body, params: Mapping[str, Any] | None = None, training_type: str = "MANUAL"
) -> str:
    """Make a new version of a solution, to be trained; its ARN.

    :raises InvalidInputError: if there is nothing that an UPDATE could start from.
    :raises AlreadyExistsError: if another version of the solution has the name.
    :raises LimitExceededError: if too many are being trained.
    """
    params = params or {}
    solution_arn, mode, name = solution["solutionArn"], params.get("trainingMode", "FULL"), params.get("name")
    earlier = service.store.all("SolutionVersion", solution_arn)
    if mode == "UPDATE" and not any(version["status"] == lifecycle.ACTIVE for version in earlier):
        raise InvalidInputError(
            "trainingMode UPDATE needs an ACTIVE solution version that was trained with FULL."
        )
    arn = f"{solution_arn}/{secrets.token_hex(4)}"
    body = {
        **{member: solution[member] for member in COPIED if member in solution},
        **({"name": name} if name else {}), "solutionVersionArn": arn, "solutionArn": solution_arn,
        "trainingMode": mode, "trainingType": training_type, "status": lifecycle.PENDING,
    }  # fmt: skip
    with service.store.transaction():
        if name and any(version.get("name") == name for version in earlier):
            raise AlreadyExistsError(
                f"Another solution version of {solution_arn} already has the name {name}."
            )
        lifecycle.limit_pending(service, "SolutionVersion")
        made = lifecycle.new(service, "SolutionVersion", arn, body, params, parent=solution_arn)
        _show_in_solution(service, solution_arn, made)
        service.jobs.submit("train", arn)
    return arn


@operation("StopSolutionVersionCreation")
def stop(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    arn = params["solutionVersionArn"]
    with service.store.transaction():
        version = service.require(arn, "SolutionVersion")
        if version["status"] not in RUNNING:
            raise InvalidInputError(
                f"The solution version can't be stopped: its status is {version['status']}."
            )
        running = version["status"] == lifecycle.IN_PROGRESS
        _set(service, arn, status="CREATE STOPPING" if running else "CREATE STOPPED")
    service.jobs.stop_worker(arn)
    return {}


@job("train", minutes=40, heavy=True)
def train_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    version = service.store.get(arn)
    if version is None or version["status"] not in (*RUNNING, "CREATE STOPPING"):
        return
    if version["status"] == "CREATE STOPPING":  # the service was killed while it stopped
        _set(service, arn, status="CREATE STOPPED")
        return
    _set(service, arn, status=lifecycle.IN_PROGRESS)
    previous = _previous_model(service, version)
    try:
        result = service.jobs.work(
            arn, "train", on_progress=lambda text: log.info("%s: %s", arn.split("solution/")[-1], text),
            model_folder=str(service.model_folder(arn)), previous_model=previous,
        )  # fmt: skip
    except WorkerStoppedError:
        _set(service, arn, status="CREATE STOPPED")
        return
    except WorkerFailedError as error:
        _set(service, arn, status=lifecycle.FAILED, failureReason=str(error))
        return
    details["_wait"]()
    current = service.store.get(arn) or {}
    if current.get("status") == "CREATE STOPPING":
        _set(service, arn, status="CREATE STOPPED")
        return
    tuned = result.get("best_hyperparameters")
    _set(
        service, arn, status=lifecycle.ACTIVE, trainingHours=result["training_hours"], _metrics=result["metrics"],
        _baseline=result["baseline"], tunedHPOParams={"algorithmHyperParameters": tuned} if tuned else None,
    )  # fmt: skip
    for follow in AFTER_TRAINING:
        follow(service, version["solutionArn"])


def _previous_model(service: Service, version: Body) -> str | None:
    """The model that an UPDATE starts from: that of the newest ACTIVE version."""
    if version.get("trainingMode") != "UPDATE":
        return None
    earlier = [
        v
        for v in service.store.all("SolutionVersion", version["solutionArn"])
        if v["status"] == lifecycle.ACTIVE
    ]
    return str(service.model_folder(earlier[-1]["solutionVersionArn"])) if earlier else None


def _set(service: Service, arn: str, **changes: Any) -> None:
    """Change a version, and what its solution shows of it."""
    with service.store.transaction():
        body = service.store.change(arn, **changes)
        if body:
            _show_in_solution(service, body["solutionArn"], body)


def _show_in_solution(service: Service, solution_arn: str, version: Body) -> None:
    """Show a version in its solution, unless a newer one is shown there."""
    shown = (service.store.get(solution_arn) or {}).get("latestSolutionVersion")
    if shown is None or shown["creationDateTime"] <= version["creationDateTime"]:
        public = {name: value for name, value in version.items() if not name.startswith("_")}
        service.store.change(solution_arn, latestSolutionVersion=public)


def require_trained(service: Service, arn: str) -> Body:
    """An ACTIVE solution version.

    :raises InUseError: while it is being trained.
    """
    version = service.require(arn, "SolutionVersion")
    if version["status"] in RUNNING:
        raise InUseError(f"Solution version {arn} is still being trained; its status is {version['status']}.")
    return lifecycle.require_active(version, f"Solution version {arn}")
