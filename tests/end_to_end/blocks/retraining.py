"""DAGs that use each building block: a retraining, all the rest, ten trainings at once."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, Param

from airflow_personalize import sensors
from airflow_personalize.operators.batch_inference_job import PersonalizeCreateBatchInferenceJobOperator
from airflow_personalize.operators.batch_segment_job import PersonalizeCreateBatchSegmentJobOperator
from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from airflow_personalize.operators.data_deletion_job import PersonalizeCreateDataDeletionJobOperator
from airflow_personalize.operators.dataset import PersonalizeCreateDatasetOperator
from airflow_personalize.operators.dataset_export_job import PersonalizeCreateDatasetExportJobOperator
from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from airflow_personalize.operators.dataset_import_job import PersonalizeCreateDatasetImportJobOperator
from airflow_personalize.operators.delete_dataset_group import PersonalizeDeleteDatasetGroupTreeOperator
from airflow_personalize.operators.event_tracker import PersonalizeCreateEventTrackerOperator
from airflow_personalize.operators.events import PersonalizePutEventsOperator
from airflow_personalize.operators.filter import PersonalizeCreateFilterOperator
from airflow_personalize.operators.recommendations import PersonalizeGetRecommendationsOperator
from airflow_personalize.operators.schema import PersonalizeCreateSchemaOperator
from airflow_personalize.operators.solution import (
    PersonalizeCreateSolutionOperator,
)
from airflow_personalize.operators.solution_version import (
    PersonalizeCreateSolutionVersionOperator,
    PersonalizeGetSolutionMetricsOperator,
)

BUCKET, ROLE = "encore-blocks", "EncoreTestRole"
POPULAR = "arn:aws:personalize:::recipe/aws-popularity-count"
SEGMENTS = "arn:aws:personalize:::recipe/aws-item-affinity"
SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "user_id", "type": "string"},
        {"name": "item_id", "type": "string"},
        {"name": "timestamp", "type": "long"},
    ],
    "version": "1.0",
}


def leave_process_id(context) -> None:
    """For a test that kills the process."""
    ti = context["ti"]
    Path(os.environ["ENCORE_TEST_PROCESSES"], f"{ti.run_id}.{ti.task_id}.{ti.map_index}").write_text(
        str(os.getpid())
    )


DEFAULTS = {
    "retries": 40,
    "retry_delay": timedelta(seconds=1),
    "deferrable": True,
    "pre_execute": leave_process_id,
}
COMMON = {"schedule": None, "default_args": DEFAULTS, "params": {"group": Param("retraining", type="string")}}
GROUP = "{{ params.group }}"


def dataset_group():
    return PersonalizeCreateDatasetGroupOperator(task_id="group", dataset_group_name=GROUP)


def dataset(group):
    schema = PersonalizeCreateSchemaOperator(task_id="schema", schema_name=GROUP, schema=SCHEMA)
    return PersonalizeCreateDatasetOperator(
        task_id="dataset",
        dataset_name=GROUP,
        dataset_type="Interactions",
        dataset_group_arn=group.output,
        schema_arn=schema.output,
    )


def import_into(made):
    return PersonalizeCreateDatasetImportJobOperator(
        task_id="import", dataset_arn=made.output, data_location=f"s3://{BUCKET}/interactions/", role_arn=ROLE
    )


def solution_in(group, recipe=POPULAR, task_id="solution"):
    return PersonalizeCreateSolutionOperator(
        task_id=task_id, solution_name=f"{GROUP}-{task_id}", dataset_group_arn=group.output, recipe_arn=recipe
    )


def train(solution, task_id="train"):
    return PersonalizeCreateSolutionVersionOperator(task_id=task_id, solution_arn=solution.output)


def deploy(version):
    return PersonalizeCreateOrUpdateCampaignOperator(
        task_id="campaign", campaign_name=GROUP, solution_version_arn=version.output
    )


with DAG("blocks_retraining", **COMMON):
    group = dataset_group()
    imported = import_into(dataset(group))
    solution = solution_in(group)
    version = train(solution)
    imported >> version
    deploy(version)

with DAG("blocks_everything", **COMMON):
    group = dataset_group()
    made = dataset(group)
    imported = import_into(made)
    solution, segments = solution_in(group), solution_in(group, SEGMENTS, "segments")
    version, segment_version = train(solution), train(segments, "train_segments")
    imported >> [version, segment_version]
    campaign = deploy(version)
    PersonalizeGetSolutionMetricsOperator(task_id="metrics", solution_version_arn=version.output)
    answers = PersonalizeGetRecommendationsOperator(task_id="ask", campaign_arn=campaign.output, user_id="u1")
    bought = PersonalizeCreateFilterOperator(
        task_id="filter",
        filter_name=GROUP,
        dataset_group_arn=group.output,
        filter_expression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")',
    )
    tracker = PersonalizeCreateEventTrackerOperator(
        task_id="tracker", tracker_name=GROUP, dataset_group_arn=group.output
    )
    events = PersonalizePutEventsOperator(
        task_id="events",
        tracking_id="{{ ti.xcom_pull('tracker')['tracking_id'] }}",
        session_id="s",
        user_id="u1",
        events=[{"eventType": "view", "itemId": "i1"}],
    )
    imported >> [bought, tracker]
    tracker >> events
    batch = PersonalizeCreateBatchInferenceJobOperator(
        task_id="batch",
        solution_version_arn=version.output,
        input_location=f"s3://{BUCKET}/users.json",
        output_location=f"s3://{BUCKET}/answers/",
        role_arn=ROLE,
    )
    segment_batch = PersonalizeCreateBatchSegmentJobOperator(
        task_id="segment_batch",
        solution_version_arn=segment_version.output,
        input_location=f"s3://{BUCKET}/items.json",
        output_location=f"s3://{BUCKET}/segments/",
        role_arn=ROLE,
    )
    exported = PersonalizeCreateDatasetExportJobOperator(
        task_id="export",
        dataset_arn=made.output,
        output_location=f"s3://{BUCKET}/export/",
        role_arn=ROLE,
        ingestion_mode="BULK",
    )
    imported >> exported
    forgotten = PersonalizeCreateDataDeletionJobOperator(
        task_id="forget",
        dataset_group_arn=group.output,
        data_location=f"s3://{BUCKET}/forget.csv",
        role_arn=ROLE,
    )
    [answers, batch, segment_batch, exported, events] >> forgotten
    watched = [
        sensors.PersonalizeDatasetGroupSensor(task_id="see_group", dataset_group_arn=group.output),
        sensors.PersonalizeDatasetSensor(task_id="see_dataset", dataset_arn=made.output),
        sensors.PersonalizeDatasetImportJobSensor(
            task_id="see_import", dataset_import_job_arn=imported.output
        ),
        sensors.PersonalizeDatasetExportJobSensor(
            task_id="see_export", dataset_export_job_arn=exported.output
        ),
        sensors.PersonalizeDataDeletionJobSensor(
            task_id="see_forget", data_deletion_job_arn=forgotten.output
        ),
        sensors.PersonalizeSolutionSensor(task_id="see_solution", solution_arn=solution.output),
        sensors.PersonalizeSolutionVersionSensor(task_id="see_version", solution_version_arn=version.output),
        sensors.PersonalizeCampaignSensor(task_id="see_campaign", campaign_arn=campaign.output),
        sensors.PersonalizeFilterSensor(task_id="see_filter", filter_arn=bought.output),
        sensors.PersonalizeEventTrackerSensor(
            task_id="see_tracker", event_tracker_arn="{{ ti.xcom_pull('tracker')['event_tracker_arn'] }}"
        ),
        sensors.PersonalizeBatchInferenceJobSensor(task_id="see_batch", batch_inference_job_arn=batch.output),
        sensors.PersonalizeBatchSegmentJobSensor(
            task_id="see_segments", batch_segment_job_arn=segment_batch.output
        ),
    ]
    tracker >> watched[9]
    delete = PersonalizeDeleteDatasetGroupTreeOperator(
        task_id="delete", dataset_group_arn=group.output, delete_schemas=True
    )
    [forgotten, *watched] >> delete.as_teardown(setups=group)

with DAG("blocks_waiting", **COMMON, max_active_tasks=16):
    PersonalizeCreateSolutionVersionOperator.partial(task_id="train").expand(
        solution_arn=["arn:aws:personalize:us-east-1:123456789012:solution/retraining-solution"] * 10
    )
