"""What became of each solution in a run: promoted, held or failed, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from encore.config.models import DatasetGroup
from encore.task_inputs import values_of


@dataclass(frozen=True)
class SolutionResult:
    """What the tasks of one solution have returned; what was not reached is empty.

    :param decision: the gate's decision
    :param answer: what a person has answered
    :param verified: whether the campaign serves the new version and answers well
    :param rolled_back: why the campaign had to go back to the earlier version
    """

    solution: str
    version_arn: str
    decision: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] | None = None
    verified: bool = False
    rolled_back: str | None = None

    def outcome(self) -> tuple[str, str]:
        """`promoted`, `held` or `failed`, and why."""
        reason = " ".join(self.decision.get("reasons", ()))
        if self.rolled_back:
            return "failed", f"Rolled back: {self.rolled_back}"
        if self.verified:
            return "promoted", f"{_answer_text(self.answer)}. {reason}" if self.answer else reason
        if not self.decision:
            return "failed", "The gate was not reached."
        if self.decision["verdict"] == "hold":
            return "held", reason
        if self.answer:
            return _answered(self.answer, reason)
        return "failed", "The campaign could not be moved and checked, or nobody has answered yet."


def _answered(answer: Mapping[str, Any], reason: str) -> tuple[str, str]:
    if "Approve" not in answer["chosen_options"]:
        return "held", f"{_answer_text(answer)}. {reason}"
    return "failed", f"{_answer_text(answer)}, but the campaign could not be moved and checked. {reason}"


def _answer_text(answer: Mapping[str, Any]) -> str:
    """What was answered, and by whom."""
    name = (answer.get("responded_by_user") or {}).get("name")
    return ", ".join(answer["chosen_options"]) + (f" by {name}" if name else " by default")


def results_of(
    group: DatasetGroup, versions: Any, decisions: Any, answers: Any, checks: Any, rollbacks: Any
) -> dict[str, SolutionResult]:
    """The results by solution, of those that a version came of. Each says itself what it is about.

    :param versions: one ARN or several, as a mapped task gives them; `decisions` to `rollbacks` likewise
    """
    decision_of = {decision["solution"]: decision for decision in values_of(decisions)}
    answer_of = {answer["solution_version_arn"]: answer for answer in values_of(answers)}
    verified = {_campaign(check) for check in values_of(checks)}
    reason_of = {_campaign(rollback): rollback["reason"] for rollback in values_of(rollbacks)}
    results = {}
    for arn in values_of(versions):
        name = arn.split("/")[1]
        campaign = group.solution(name).campaign_name
        results[name] = SolutionResult(
            name,
            arn,
            decision_of.get(name, {}),
            answer_of.get(arn),
            campaign in verified,
            reason_of.get(campaign),
        )
    return results


def _campaign(result: Mapping[str, Any]) -> str:
    return str(result["campaign_arn"]).split("/")[-1]
