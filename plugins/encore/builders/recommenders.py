"""The tasks that make the recommenders of a domain dataset group and keep their configuration."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from airflow.sdk import BaseOperator

from airflow_personalize.operators.recommender import (
    PersonalizeCreateRecommenderOperator,
    PersonalizeStartRecommenderOperator,
    PersonalizeStopRecommenderOperator,
)
from encore.config import DatasetGroup
from encore.config.models import RECIPE_ARN
from encore.config.recommenders import Recommender
from encore.retention import tags


@dataclass(frozen=True)
class RecommenderTasks:
    """The tasks of one recommender, in their order; each of them returns its ARN."""

    name: str
    tasks: list[BaseOperator]

    def result(self) -> dict[str, Any]:
        """What the end of a run wants to know: the recommender, once all is done, and whose failure is its own."""
        return {"arn": self.tasks[-1].output, "tasks": [task.task_id for task in self.tasks]}


def keep_recommenders(
    group: DatasetGroup, dataset_group: BaseOperator, imports: list[BaseOperator]
) -> list[RecommenderTasks]:
    """Once the data is there: the service trains a recommender when it is made, and by itself later."""
    made = []
    for recommender in group.recommenders:
        tasks = keep_recommender(group, recommender, dataset_group)
        imports >> tasks[0]
        made.append(RecommenderTasks(recommender.name, tasks))
    return made


def keep_recommender(
    group: DatasetGroup, recommender: Recommender, dataset_group: BaseOperator
) -> list[BaseOperator]:
    """Made or updated, then started or stopped as the file says; one that was stopped is updated once it is started."""
    name = recommender.name

    def ensure(task_id: str) -> BaseOperator:
        return PersonalizeCreateRecommenderOperator(
            task_id=task_id,
            recommender_name=name,
            dataset_group_arn=dataset_group.output,
            recipe_arn=RECIPE_ARN.format(recommender.recipe),
            recommender_config=recommender.request(),
            create_kwargs={"tags": tags(group.name)},
        )

    ensured = ensure(f"recommender_{name}")
    tasks = [ensured]
    if recommender.state == "active":
        start = PersonalizeStartRecommenderOperator(task_id=f"start_{name}", recommender_arn=ensured.output)
        tasks += [start, ensure(f"update_{name}")]
    elif recommender.state == "stopped":
        tasks.append(
            PersonalizeStopRecommenderOperator(task_id=f"stop_{name}", recommender_arn=ensured.output)
        )
    for before, after in pairwise(tasks):
        before >> after
    return tasks
