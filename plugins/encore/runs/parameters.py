"""The parameters of a retraining, and which of them do not go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from encore.config.models import DatasetGroup
from encore.config.recipes import UPDATABLE
from encore.runs.plan import RunPlan


class RunRefusedError(ValueError):
    """The choices of a run contradict each other. The message names them and what to choose instead."""


def validate(params: Mapping[str, Any], group: DatasetGroup, today: date) -> RunPlan:
    """The plan of a run.

    :param params: the run's params; what is missing has its default
    :param today: in UTC
    :raises RunRefusedError: naming each choice that can't be followed.
    """
    names = [solution.name for solution in group.solutions]
    selected = list(params.get("solutions") or names)
    day = date.fromisoformat(params["as_of"]) if params.get("as_of") else None
    plan = RunPlan(
        [name for name in names if name in selected],
        **{
            name: params[name]
            for name in ("training_mode", "import_mode", "promote", "data_gate", "history")
            if params.get(name)
        },
        as_of=day,
        dry_run=bool(params.get("dry_run")),
    )
    if refusals := list(_refusals(plan, selected, group, today)):
        raise RunRefusedError(" ".join(refusals))
    return plan


def _refusals(plan: RunPlan, selected: Sequence[str], group: DatasetGroup, today: date) -> Iterator[str]:
    if unknown := [name for name in selected if name not in plan.solutions]:
        known = ", ".join(solution.name for solution in group.solutions)
        yield f"solutions: the pipeline file has no {', '.join(unknown)}, only {known}."
    if plan.training_mode == "UPDATE":
        fixed = [name for name in plan.solutions if group.solution(name).recipe not in UPDATABLE]
        if fixed:
            yield (
                f"training_mode=UPDATE: the recipe of {', '.join(fixed)} can only be trained FULL;"
                f" UPDATE is for {', '.join(UPDATABLE)}. Choose other solutions, or FULL."
            )
    if plan.as_of and plan.as_of >= today:
        yield f"as_of={plan.as_of}: that day is not over yet (UTC). Choose an earlier day, or none for all data."
    if plan.as_of and plan.import_mode == "INCREMENTAL":
        yield (
            f"as_of={plan.as_of} with import_mode=INCREMENTAL: an incremental import only adds, so newer interactions"
            " would stay. Choose FULL."
        )
    if plan.as_of and plan.promote == "promote":
        yield (
            f"as_of={plan.as_of} with promote=promote: a model of old data would go live whatever it is worth."
            " Choose promote=gate, ask or hold."
        )
