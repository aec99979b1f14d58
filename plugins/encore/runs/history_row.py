"""A row of the history: what a run has made of a solution version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_personalize.solution_versions import Trained
from encore.config.models import DatasetGroup
from encore.runs.code_version import code_version

if TYPE_CHECKING:
    from airflow.sdk import Context


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
    run, ti, name = context["dag_run"], context["ti"], version.arn.split("/")[1]
    solution = group.solution(name)
    return {
        "recorded_at": run.run_after,
        "dataset_group": group.name,
        "dag_id": ti.dag_id,
        "run_id": ti.run_id,
        "run_type": str(getattr(run.run_type, "value", run.run_type)),
        "code_version": code_version(run),
        "solution": name,
        "recipe": solution.recipe,
        "solution_version_arn": version.arn,
        "trained_by": version.description.get("trainingType"),
        "training_mode": version.description.get("trainingMode"),
        "training_hours": version.description.get("trainingHours"),
        "hyperparameters": json.dumps(solution.request(), sort_keys=True),
        "metrics": version.metrics or None,
        "outcome": outcome[0],
        "reason": outcome[1],
        **columns,
    }
