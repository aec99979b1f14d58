"""A row of the history: what a run has made of a solution, with a new version of it or without, or of a recommender."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_personalize.solution_versions import Trained
from encore.config.models import DatasetGroup
from encore.config.recommenders import Recommender
from encore.runs.code_version import code_version
from encore.runs.failure_reasons import Failure

if TYPE_CHECKING:
    from airflow.sdk import Context

#: Airflow shows a run as succeeded that was marked as failed while none of its tasks ran: its teardowns still work.
ENDED_EARLY = (
    "The run ended before a version was trained, though no task has failed: what was left of it was skipped, as when a"
    " person marks a run as failed. Trigger it again."
)


def history_row(
    context: Context,
    group: DatasetGroup,
    version: Trained,
    outcome: tuple[str, str],
    columns: Mapping[str, Any],
) -> dict[str, Any]:
    """A row with the columns of `encore.history.schema` that say of which run and of which version it is.

    :param outcome: what became of the version, and why
    :param columns: what else is known
    """
    name = version.arn.split("/")[1]
    return {
        **({"live_from": datetime.now(UTC)} if outcome[0] == "promoted" else {}),
        **_run_columns(context, group, name, group.solution(name).recipe),
        "solution_version_arn": version.arn,
        "trained_by": version.description.get("trainingType"),
        "training_mode": version.description.get("trainingMode"),
        "training_hours": version.description.get("trainingHours"),
        "hyperparameters": json.dumps(group.solution(name).request(), sort_keys=True),
        "metrics": version.metrics or None,
        "outcome": outcome[0],
        "reason": outcome[1],
        **columns,
    }


def recommender_row(
    context: Context,
    group: DatasetGroup,
    recommender: Recommender,
    description: Mapping[str, Any],
    columns: Mapping[str, Any],
) -> dict[str, Any]:
    """The row of a recommender after a run: what it serves is the service's own affair, so it has no version.

    :param description: as the service describes it
    :param columns: what else is known
    """
    status = description["status"]
    is_active = status == "ACTIVE"
    reasons = {
        "ACTIVE": "Trained and served by the service.",
        "INACTIVE": "It answers nothing, and is not paid for.",
    }
    return {
        **_run_columns(context, group, recommender.name, recommender.recipe),
        "solution_version_arn": description["recommenderArn"],
        "trained_by": "AUTOMATIC",
        "hyperparameters": json.dumps(recommender.request(), sort_keys=True),
        "metrics": description.get("modelMetrics") or None,
        "outcome": "promoted" if is_active else "held",
        "reason": reasons.get(status, f"It is {status}: it answers nothing."),
        **columns,
    }


def row_without_version(
    context: Context, group: DatasetGroup, name: str, recipe: str, failed: Sequence[Failure]
) -> dict[str, Any]:
    """The row of a solution that the run was to train and has no version of, or of a recommender not kept.

    :param failed: the tasks that were in its way
    """
    reason = " ".join(failure.as_text() for failure in failed)
    return {
        **_run_columns(context, group, name, recipe),
        "outcome": "failed",
        "reason": reason or ENDED_EARLY,
        **({"failed_task": failed[0].task, "link": failed[0].link} if failed else {}),
    }


def _run_columns(context: Context, group: DatasetGroup, name: str, recipe: str) -> dict[str, Any]:
    run, ti = context["dag_run"], context["ti"]
    return {
        "recorded_at": run.run_after,
        "dataset_group": group.name,
        "dag_id": ti.dag_id,
        "run_id": ti.run_id,
        "run_type": str(getattr(run.run_type, "value", run.run_type)),
        "code_version": code_version(run),
        "solution": name,
        "recipe": recipe,
    }
