"""What Airflow lists this provider with: `airflow providers list`, `airflow providers get`."""

from __future__ import annotations

from typing import Any

NAME = "Amazon Personalize"


def get_provider_info() -> dict[str, Any]:
    """What `provider_info.schema.json` of Airflow describes. Connections are the `amazon` provider's, of type `aws`."""
    return {
        "package-name": "airflow-provider-personalize",
        "name": NAME,
        "description": "From a query to a serving campaign: `Amazon Personalize <https://aws.amazon.com/personalize/>`__.",
        "integrations": [
            {
                "integration-name": NAME,
                "external-doc-url": "https://docs.aws.amazon.com/personalize/",
                "tags": ["aws"],
            }
        ],
        "hooks": [{"integration-name": NAME, "python-modules": ["airflow_personalize.hooks"]}],
        "triggers": [{"integration-name": NAME, "python-modules": ["airflow_personalize.triggers"]}],
        "operators": [
            {
                "integration-name": NAME,
                "python-modules": [
                    "airflow_personalize.operators.batch_inference_job",
                    "airflow_personalize.operators.batch_segment_job",
                    "airflow_personalize.operators.campaign",
                    "airflow_personalize.operators.data_deletion_job",
                    "airflow_personalize.operators.dataset",
                    "airflow_personalize.operators.dataset_export_job",
                    "airflow_personalize.operators.dataset_group",
                    "airflow_personalize.operators.dataset_import_job",
                    "airflow_personalize.operators.delete_dataset_group",
                    "airflow_personalize.operators.event_tracker",
                    "airflow_personalize.operators.events",
                    "airflow_personalize.operators.filter",
                    "airflow_personalize.operators.metric_attribution",
                    "airflow_personalize.operators.recommendations",
                    "airflow_personalize.operators.recommender",
                    "airflow_personalize.operators.schema",
                    "airflow_personalize.operators.solution",
                    "airflow_personalize.operators.solution_version",
                ],
            }
        ],
        "sensors": [
            {
                "integration-name": NAME,
                "python-modules": [
                    "airflow_personalize.sensors.batch_inference_job",
                    "airflow_personalize.sensors.batch_segment_job",
                    "airflow_personalize.sensors.campaign",
                    "airflow_personalize.sensors.data_deletion_job",
                    "airflow_personalize.sensors.dataset",
                    "airflow_personalize.sensors.dataset_export_job",
                    "airflow_personalize.sensors.dataset_group",
                    "airflow_personalize.sensors.dataset_import_job",
                    "airflow_personalize.sensors.event_tracker",
                    "airflow_personalize.sensors.filter",
                    "airflow_personalize.sensors.metric_attribution",
                    "airflow_personalize.sensors.recommender",
                    "airflow_personalize.sensors.solution",
                    "airflow_personalize.sensors.solution_version",
                ],
            }
        ],
        "transfers": [
            _transfer("personalize_batch_output_to_sql", NAME, "Common SQL"),
            _transfer("personalize_dataset_shards", "Amazon Simple Storage Service (S3)", NAME),
            _transfer("personalize_dataset_snapshot", "Amazon Simple Storage Service (S3)", NAME),
            _transfer("sql_to_personalize_batch_input", "Common SQL", NAME),
            _transfer("sql_to_personalize_dataset", "Common SQL", NAME),
        ],
        "extra-links": ["airflow_personalize.links.PersonalizeResourceLink"],
    }


def _transfer(module: str, source: str, target: str) -> dict[str, str]:
    return {
        "source-integration-name": source,
        "target-integration-name": target,
        "python-module": f"airflow_personalize.transfers.{module}",
    }
