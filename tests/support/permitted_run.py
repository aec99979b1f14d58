"""One run of the operators in the DAGs' order, on a database of a few tables, to see what it may and must do."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.batch_inference_job import PersonalizeCreateBatchInferenceJobOperator
from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from airflow_personalize.operators.dataset import PersonalizeCreateDatasetOperator
from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from airflow_personalize.operators.dataset_import_job import PersonalizeCreateDatasetImportJobOperator
from airflow_personalize.operators.filter import PersonalizeCreateFilterOperator
from airflow_personalize.operators.solution import PersonalizeCreateSolutionOperator
from airflow_personalize.operators.solution_version import (
    PersonalizeCreateSolutionVersionOperator,
    PersonalizeGetSolutionMetricsOperator,
)
from airflow_personalize.transfers.personalize_dataset_snapshot import PersonalizeDatasetSnapshotOperator
from airflow_personalize.transfers.sql_to_personalize_batch_input import SqlToPersonalizeBatchInputOperator
from airflow_personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator
from encore.config.models import DatasetGroup
from encore.deployment.spending import unused_of_group
from encore.deployment.surroundings import NotAllowedError
from encore.operators.cleanup import PersonalizeCleanUpOperator
from encore.operators.preflight import PersonalizePreflightOperator
from encore.operators.rollback import PersonalizeSelectRollbackVersionOperator
from encore.operators.select_batch_version import PersonalizeSelectBatchVersionOperator
from encore.operators.select_partitions import PersonalizeSelectPartitionsOperator
from encore.operators.verify_campaign import PersonalizeVerifyCampaignOperator
from encore.retention import tags
from tests.support.operator_runs import Task
from tests.support.personalize_service import SCHEMA

SQL = (
    "SELECT customer AS user_id, product AS item_id, at AS timestamp FROM events "
    "WHERE day >= {{ start }} AND day < {{ end }}"
)
WAIT: dict[str, Any] = {"deferrable": True, "waiter_delay": 0.3}


def make_database(path: Path) -> str:
    """A database with enough events to train on, a day ago; the Airflow connection to it."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    rows = [
        (f"u{n % 50}", f"i{n % 37}", int(day.timestamp()) + n, f"{day:%Y-%m-%d %H:%M:%S}")
        for n in range(1500)
    ]
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE events (customer TEXT, product TEXT, at INTEGER, day TEXT)")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", rows)
    return json.dumps({"conn_type": "sqlite", "host": str(path)})


class PermittedRun:
    """The steps of one group's run, batch job, rollback and clean-up."""

    def __init__(self, group: DatasetGroup, run_id: str = "manual__1") -> None:
        self.group, self.run_id = group, run_id
        self.settings = group.model_dump(mode="json", by_alias=True)
        self.batch: dict[str, Any] = {}
        self.whole: dict[str, tuple[str, dict[str, Any]]] = {}

    def before_clean_up(self) -> None:
        """Everything else, in order.

        :raises AirflowException: or the service's error, where a step fails
        """
        for step in (self.preflight, self.load, self.train, self.ask_in_batch, self.roll_back):
            step()

    def do(self, operator: Callable[..., Any], task_id: str, **arguments: Any) -> Any:
        with DAG("permitted", schedule=None):
            made = operator(task_id=task_id, **arguments)
        task = Task(task_id, run_id=self.run_id)
        made.render_template_fields({**task.context, "run_id": self.run_id})
        task.ti.get_dr_count = lambda *_, **__: 0
        return task.run(made)

    def preflight(self) -> None:
        self.do(PersonalizePreflightOperator, "preflight", group=self.settings, queries={"interactions": SQL})

    def load(self) -> None:
        group = self.group
        target = {"dataset": "interactions", "bucket": group.bucket, "prefix": group.prefix}
        self.arn = self.do(
            PersonalizeCreateDatasetGroupOperator, "dataset_group", dataset_group_name=group.name, **WAIT
        )
        dataset = self.do(
            PersonalizeCreateDatasetOperator,
            "interactions_dataset",
            dataset_name=f"{group.name}-interactions",
            dataset_type="Interactions",
            dataset_group_arn=self.arn,
            schema=SCHEMA,
            **WAIT,
        )
        day = datetime.now(UTC).date() - timedelta(days=1)
        partition = {
            "key": str(day),
            "start": f"{day}T00:00:00Z",
            "end": f"{day + timedelta(days=1)}T00:00:00Z",
        }
        self.do(
            SqlToPersonalizeDatasetOperator,
            "export",
            sql=SQL,
            schema=SCHEMA,
            partitions=[partition],
            **target,
        )
        selected = self.do(
            PersonalizeSelectPartitionsOperator,
            "select_partitions",
            dataset_arn=dataset,
            import_mode="FULL",
            as_of=None,
            bucket=group.bucket,
            prefix=group.prefix,
        )
        snapshot = self.do(
            PersonalizeDatasetSnapshotOperator,
            "snapshot_interactions",
            partitions=selected,
            run_id=self.run_id,
            **target,
        )
        self.location = snapshot["location"]
        self.do(
            PersonalizeCreateDatasetImportJobOperator,
            "import_interactions",
            dataset_arn=dataset,
            data_location=self.location,
            role_arn=group.role,
            **WAIT,
        )
        for kind, (sql, schema) in self.whole.items():
            self.load_whole(kind, sql, schema)
        for filter_ in group.filters:
            self.do(
                PersonalizeCreateFilterOperator,
                f"filter_{filter_.name}",
                filter_name=filter_.name,
                dataset_group_arn=self.arn,
                filter_expression=filter_.expression,
                **WAIT,
            )

    def load_whole(self, kind: str, sql: str, schema: dict[str, Any]) -> None:
        """A dataset that is exported whole."""
        group = self.group
        dataset = self.do(
            PersonalizeCreateDatasetOperator,
            f"{kind}_dataset",
            dataset_name=f"{group.name}-{kind}",
            dataset_type=kind.title(),
            dataset_group_arn=self.arn,
            schema=schema,
            **WAIT,
        )
        target = {"dataset": kind, "bucket": group.bucket, "prefix": group.prefix}
        self.do(SqlToPersonalizeDatasetOperator, f"export_{kind}", sql=sql, schema=schema, **target)
        snapshot = self.do(
            PersonalizeDatasetSnapshotOperator, f"snapshot_{kind}", run_id=self.run_id, **target
        )
        self.do(
            PersonalizeCreateDatasetImportJobOperator,
            f"import_{kind}",
            dataset_arn=dataset,
            data_location=snapshot["location"],
            role_arn=group.role,
            **WAIT,
        )

    def train(self) -> None:
        solution = self.group.solutions[0]
        made = self.do(
            PersonalizeCreateSolutionOperator,
            "create",
            solution_name=solution.name,
            dataset_group_arn=self.arn,
            recipe_arn=solution.recipe_arn,
            solution_config=solution.request(),
            event_type=solution.event_type,
            perform_hpo=solution.perform_hpo,
            create_kwargs={"tags": tags(self.group.name)},
            **WAIT,
        )
        version = self.do(PersonalizeCreateSolutionVersionOperator, "train", solution_arn=made, **WAIT)
        self.do(PersonalizeGetSolutionMetricsOperator, "metrics", solution_version_arn=version)
        self.campaign = self.do(
            PersonalizeCreateOrUpdateCampaignOperator,
            "campaign",
            campaign_name=solution.campaign_name,
            solution_version_arn=version,
            min_provisioned_tps=solution.campaign.min_provisioned_tps,
            campaign_config=solution.campaign.config,
            create_kwargs={"tags": tags(self.group.name)},
            **WAIT,
        )
        self.do(
            PersonalizeVerifyCampaignOperator,
            "verify",
            campaign_arn=self.campaign,
            sample_location=self.location,
            decision={"new": version, "live": None},
            checks=self.group.checks(),
        )
        self.version = version

    def ask_in_batch(self) -> None:
        group = self.group
        job, solution = group.batch_jobs[0], group.solutions[0]
        selected = self.do(
            PersonalizeSelectBatchVersionOperator,
            "version",
            dataset_group_name=group.name,
            solution_name=solution.name,
            campaign_name=solution.campaign_name,
        )
        users = self.do(
            SqlToPersonalizeBatchInputOperator,
            "input",
            sql="SELECT DISTINCT customer AS user_id FROM events",
            columns=("user_id",),
            bucket=group.bucket,
            folder=f"{group.prefix}/{job.folder}",
        )
        self.do(
            PersonalizeCreateBatchInferenceJobOperator,
            f"batch_{job.name}.job",
            solution_version_arn=selected["solution_version_arn"],
            input_location=users["input"],
            output_location=users["output"],
            role_arn=group.role,
            create_kwargs={"tags": tags(group.name)},
            **WAIT,
        )

    def roll_back(self) -> None:
        """Looked for; there is no earlier version."""
        with pytest.raises(AirflowFailException, match="no older version"):
            self.do(
                PersonalizeSelectRollbackVersionOperator,
                "select_version",
                group=self.settings,
                campaign_name=self.group.solutions[0].campaign_name,
            )

    def look_at_spending(self) -> None:
        """As the record of a run does; CloudWatch may have counted nothing yet."""
        try:
            unused_of_group("aws_default", self.group.name)
        except NotAllowedError as error:
            if "CloudWatch has no metrics" not in str(error):
                raise

    def clean_up(self) -> None:
        with patch("encore.retention.NEW_SCHEMA", timedelta(0)):
            self.do(PersonalizeCleanUpOperator, "clean_up", group=self.settings, waiter_delay=0.3)
