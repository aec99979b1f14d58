"""The tasks that make the recommenders of a domain dataset group and keep their configuration."""

from __future__ import annotations

from airflow.sdk import BaseOperator

from airflow_personalize.operators.recommender import PersonalizeCreateRecommenderOperator
from encore.config import DatasetGroup
from encore.config.models import RECIPE_ARN
from encore.retention import tags


def keep_recommenders(
    group: DatasetGroup, dataset_group: BaseOperator, imports: list[BaseOperator]
) -> list[BaseOperator]:
    """One task each, once the data is there: the service trains a recommender when it is made, and by itself later."""
    made: list[BaseOperator] = [
        PersonalizeCreateRecommenderOperator(
            task_id=f"recommender_{recommender.name}",
            recommender_name=recommender.name,
            dataset_group_arn=dataset_group.output,
            recipe_arn=RECIPE_ARN.format(recommender.recipe),
            recommender_config=recommender.request(),
            create_kwargs={"tags": tags(group.name)},
        )
        for recommender in group.recommenders
    ]
    for task in made:
        imports >> task
    return made
