"""The resources that a retraining works on, each made by its operator when first asked for."""

from __future__ import annotations

import re
import urllib.request
from collections import Counter
from typing import Any

from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from airflow_personalize.operators.dataset import PersonalizeCreateDatasetOperator
from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from airflow_personalize.operators.dataset_import_job import PersonalizeCreateDatasetImportJobOperator
from airflow_personalize.operators.event_tracker import PersonalizeCreateEventTrackerOperator
from airflow_personalize.operators.filter import PersonalizeCreateFilterOperator
from airflow_personalize.operators.schema import PersonalizeCreateSchemaOperator
from airflow_personalize.operators.solution import (
    PersonalizeCreateSolutionOperator,
)
from airflow_personalize.operators.solution_version import PersonalizeCreateSolutionVersionOperator
from tests.support.operator_runs import BUCKET, ROLE, Task

NOT_BOUGHT = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")'
POPULAR = "arn:aws:personalize:::recipe/aws-popularity-count"
WAIT = {"deferrable": True, "waiter_delay": 0.3}


class DatasetGroupResources:
    """The resources of one dataset group, each made by its operator when first asked for."""

    def __init__(self, name: str, schema: dict[str, Any]) -> None:
        self.name, self.schema = name, schema

    def group(self) -> str:
        return Task().run(
            PersonalizeCreateDatasetGroupOperator(task_id="group", dataset_group_name=self.name, **WAIT)
        )

    def dataset(self, schema: dict[str, Any] | None = None, dataset_type: str = "Interactions") -> str:
        made = PersonalizeCreateSchemaOperator(
            task_id="schema", schema_name=self.name, schema=schema or self.schema
        )
        return Task().run(
            PersonalizeCreateDatasetOperator(
                task_id="dataset",
                dataset_name=self.name,
                dataset_type=dataset_type,
                dataset_group_arn=self.group(),
                schema_arn=Task().run(made),
                **WAIT,
            )
        )

    def import_(
        self, location: str = "interactions/", **arguments: Any
    ) -> PersonalizeCreateDatasetImportJobOperator:
        return PersonalizeCreateDatasetImportJobOperator(
            task_id="import",
            dataset_arn=self.dataset(),
            data_location=f"s3://{BUCKET}/{location}",
            role_arn=ROLE,
            **WAIT,
            **arguments,
        )

    def solution(self, **arguments: Any) -> str:
        return Task().run(
            PersonalizeCreateSolutionOperator(
                task_id="solution",
                solution_name=self.name,
                dataset_group_arn=self.group(),
                **{"recipe_arn": POPULAR, **WAIT, **arguments},
            )
        )

    def version(self, **arguments: Any) -> PersonalizeCreateSolutionVersionOperator:
        return PersonalizeCreateSolutionVersionOperator(
            task_id="train", solution_arn=self.solution(), **{**WAIT, **arguments}
        )

    def campaign(self, version: str, **arguments: Any) -> PersonalizeCreateOrUpdateCampaignOperator:
        return PersonalizeCreateOrUpdateCampaignOperator(
            task_id="campaign", campaign_name=self.name, solution_version_arn=version, **{**WAIT, **arguments}
        )

    def filter(self, expression: str = NOT_BOUGHT) -> PersonalizeCreateFilterOperator:
        return PersonalizeCreateFilterOperator(
            task_id="filter",
            filter_name=f"{self.name}-filter",
            dataset_group_arn=self.group(),
            filter_expression=expression,
            **WAIT,
        )

    def tracker(self) -> PersonalizeCreateEventTrackerOperator:
        return PersonalizeCreateEventTrackerOperator(
            task_id="tracker", tracker_name=self.name, dataset_group_arn=self.group(), **WAIT
        )


def requests(service) -> Counter[str]:
    """How often each operation has succeeded."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    page = opener.open(f"{service.address}/metrics").read().decode()
    counts: Counter[str] = Counter()
    for labels, value in re.findall(r"^\w*requests\w*_total\{([^}]*)\} (\S+)$", page, re.MULTILINE):
        values = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if values.get("code") == "200":
            counts[values["operation"]] += int(float(value))
    return counts
