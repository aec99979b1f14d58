"""The tasks of the comparison on the same users, where the pipeline file asks for one."""

from __future__ import annotations

from airflow.sdk import BaseOperator, TriggerRule, XComArg

from encore import pools
from encore.builders.datasets import DatasetTasks
from encore.config import DatasetGroup, DatasetType
from encore.operators.compare_versions import (
    PersonalizeAskVersionOperator,
    PersonalizeCompareVersionsOperator,
    Which,
)
from encore.operators.hold_back import PersonalizeHoldBackOperator
from encore.retention import tags


def hold_back(
    group: DatasetGroup, dataset_group: BaseOperator, datasets: dict[DatasetType, DatasetTasks], plan: XComArg
) -> BaseOperator | None:
    """The sampled users and the days that are not imported; None without a comparison."""
    if group.comparison is None:
        return None
    users = datasets.get("users")
    return PersonalizeHoldBackOperator(
        task_id="hold_back",
        group=group.model_dump(mode="json", by_alias=True),
        dataset_group_arn=dataset_group.output,
        partitions=datasets["interactions"].partitions,
        import_mode=plan["import_mode"],
        interactions=datasets["interactions"].snapshot.output["location"],
        users=users.snapshot.output["location"] if users else None,
    )


def compare_versions(group: DatasetGroup, train: BaseOperator, held_back: BaseOperator) -> BaseOperator:
    """Both versions are asked at the same time, then compared."""
    compare = PersonalizeCompareVersionsOperator(
        task_id="compare",
        map_index_template="{{ task.solution_version_arn.split('/')[1] }}",
        solution_version_arn=train.output,
        held_back=held_back.output,
        solutions={
            solution.name: {
                "recipe": solution.recipe,
                "event_type": solution.event_type,
                "rule": solution.gate.same_users.model_dump(),
            }
            for solution in group.solutions
        },
        trigger_rule=TriggerRule.NONE_FAILED,
    )
    versions: tuple[Which, ...] = ("new", "live")
    for which in versions:
        batch_job = PersonalizeAskVersionOperator(
            task_id=f"ask_{which}",
            map_index_template="{{ task.solution_version_arn.split('/')[1] }}",
            which=which,
            held_back=held_back.output,
            solution_version_arn=train.output,
            role_arn=group.role,
            num_results=25,
            create_kwargs={"tags": tags(group.name)},
            pool=pools.BATCH_INFERENCE,
        )
        batch_job >> compare
    return compare
