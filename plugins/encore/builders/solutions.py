"""The tasks of a solution in a retraining: from the training to a campaign that answers well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from airflow.sdk import BaseOperator, TriggerRule, XComArg, task, task_group

from airflow_personalize.operators.solution import PersonalizeCreateSolutionOperator
from airflow_personalize.operators.solution_version import (
    PersonalizeCreateSolutionVersionOperator,
    PersonalizeGetSolutionMetricsOperator,
)
from encore import notifications, pools
from encore.builders.comparison import compare_versions
from encore.builders.datasets import DatasetTasks
from encore.config import DatasetGroup, DatasetType
from encore.operators.approval import PersonalizeApprovalOperator
from encore.operators.gate import PersonalizeGateOperator
from encore.operators.hold import PersonalizeHoldOperator
from encore.operators.promotion import PersonalizePromoteOperator
from encore.operators.verify_campaign import PersonalizeVerifyCampaignOperator
from encore.retention import tags


@dataclass(frozen=True)
class SolutionTasks:
    """The tasks of one solution, mapped over the chosen ones."""

    create: BaseOperator
    train: BaseOperator
    gate: BaseOperator
    approve: BaseOperator
    held: BaseOperator
    verify: BaseOperator


def retrain_solutions(
    group: DatasetGroup,
    dataset_group: BaseOperator,
    datasets: dict[DatasetType, DatasetTasks],
    data_gate: BaseOperator,
    plan: XComArg,
    held_back: BaseOperator | None = None,
) -> SolutionTasks:
    """Train, judge, promote and check each chosen solution.

    :param held_back: the users and days of the comparison, where there is one
    """

    @task(task_display_name="select solutions")
    def select_solutions(names: Sequence[str]) -> list[dict[str, Any]]:
        return group.solution_arguments(names)

    @task_group(group_id="solution")
    def solution(
        name: XComArg,
        recipe_arn: XComArg,
        solution_config: XComArg,
        event_type: XComArg,
        perform_hpo: XComArg,
        campaign_name: XComArg,
        min_provisioned_tps: XComArg,
        campaign_config: XComArg,
        approval_hours: XComArg,
    ) -> Any:
        create = PersonalizeCreateSolutionOperator(
            task_id="create",
            map_index_template="{{ task.solution_name }}",
            solution_name=name,
            dataset_group_arn=dataset_group.output,
            recipe_arn=recipe_arn,
            solution_config=solution_config,
            event_type=event_type,
            perform_hpo=perform_hpo,
            create_kwargs={"tags": tags(group.name)},
        )
        train, metrics, gate = train_and_judge(group, create, campaign_name, data_gate, plan, held_back)
        approve = request_approval(group, gate, approval_hours)
        held, campaign = hold_or_promote(
            group, train, gate, approve, campaign_name, min_provisioned_tps, campaign_config
        )
        metrics >> [held, campaign]
        verify = verify_campaign(group, campaign, datasets, gate)
        return SolutionTasks(create, train, gate, approve, held, verify)

    # Airflow's types know groups that return a node; at run time it is whatever the function returns.
    return cast("SolutionTasks", solution.expand_kwargs(select_solutions(plan["solutions"])))


def train_and_judge(
    group: DatasetGroup,
    create: BaseOperator,
    campaign_name: XComArg,
    data_gate: BaseOperator,
    plan: XComArg,
    held_back: BaseOperator | None,
) -> tuple[BaseOperator, BaseOperator, BaseOperator]:
    """A new version of a solution, its metrics to look at, and whether it goes live: the gate reads them itself."""
    train = PersonalizeCreateSolutionVersionOperator(
        task_id="train",
        map_index_template="{{ task.solution_arn.split('/')[-1] }}",
        solution_arn=create.output,
        training_mode=plan["training_mode"],
        pool=pools.TRAININGS,
    )
    metrics = PersonalizeGetSolutionMetricsOperator(
        task_id="metrics",
        map_index_template="{{ task.solution_version_arn.split('/')[1] }}",
        solution_version_arn=train.output,
    )
    compare = compare_versions(group, train, held_back) if held_back else None
    gate = PersonalizeGateOperator(
        task_id="gate",
        map_index_template="{{ task.campaign_name }}",
        solution_version_arn=train.output,
        campaign_name=campaign_name,
        gates=group.gates(),
        data_gate=data_gate.output,
        comparison=compare.output if compare else None,
        policy=plan["promote"],
    )
    return train, metrics, gate


def request_approval(group: DatasetGroup, gate: BaseOperator, approval_hours: XComArg) -> BaseOperator:
    """The question to a person, where the gate wants one asked."""
    return PersonalizeApprovalOperator(
        task_id="approve",
        decision=gate.output["decision"],
        approval_hours=approval_hours,
        subject=f"{group.name}: shall {{{{ task.decision['new'] }}}} go live?",
        body="{{ task.decision['markdown'] }}",
        defaults="Reject",
        notifiers=notifications.channels_for(
            "asked",
            group.notify,
            f"{group.name}: a new version waits for an answer",
            "{{ task.decision['text'] }}\n\nAnswer: {{ ti.log_url.split('?')[0] }}/required_actions",
        ),
    )


def hold_or_promote(
    group: DatasetGroup,
    train: BaseOperator,
    gate: BaseOperator,
    approve: BaseOperator,
    campaign_name: XComArg,
    min_provisioned_tps: XComArg,
    campaign_config: XComArg,
) -> tuple[BaseOperator, BaseOperator]:
    """The campaign serves the new version, or keeps what it serves: one of the two skips itself."""
    verdict = {"decision": gate.output["decision"], "answer": approve.output}
    held = PersonalizeHoldOperator(
        task_id="held",
        map_index_template="{{ task.campaign_name }}",
        campaign_name=campaign_name,
        trigger_rule=TriggerRule.NONE_FAILED,
        **verdict,
    )
    campaign = PersonalizePromoteOperator(
        task_id="campaign",
        map_index_template="{{ task.campaign_name }}",
        campaign_name=campaign_name,
        solution_version_arn=train.output,
        min_provisioned_tps=min_provisioned_tps,
        campaign_config=campaign_config,
        create_kwargs={"tags": tags(group.name)},
        trigger_rule=TriggerRule.NONE_FAILED,
        **verdict,
    )
    return held, campaign


def verify_campaign(
    group: DatasetGroup,
    campaign: BaseOperator,
    datasets: dict[DatasetType, DatasetTasks],
    gate: BaseOperator,
) -> BaseOperator:
    """The check of a campaign that has moved; it gets the earlier version back if it does not answer well."""
    items = datasets.get("items")
    return PersonalizeVerifyCampaignOperator(
        task_id="verify",
        map_index_template="{{ task.campaign_arn.split('/')[-1] }}",
        campaign_arn=campaign.output,
        sample_location=datasets["interactions"].snapshot.output["location"],
        items_location=items.snapshot.output["location"] if items else None,
        decision=gate.output["decision"],
        checks=group.checks(),
    )
