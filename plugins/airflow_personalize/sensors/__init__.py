"""Sensors: wait until a resource of Amazon Personalize is as it should be, whoever made it."""

from airflow_personalize.sensors.batch_inference_job import PersonalizeBatchInferenceJobSensor
from airflow_personalize.sensors.batch_segment_job import PersonalizeBatchSegmentJobSensor
from airflow_personalize.sensors.campaign import PersonalizeCampaignSensor, PersonalizeCampaignUpdateSensor
from airflow_personalize.sensors.data_deletion_job import PersonalizeDataDeletionJobSensor
from airflow_personalize.sensors.dataset import PersonalizeDatasetSensor
from airflow_personalize.sensors.dataset_export_job import PersonalizeDatasetExportJobSensor
from airflow_personalize.sensors.dataset_group import PersonalizeDatasetGroupSensor
from airflow_personalize.sensors.dataset_import_job import PersonalizeDatasetImportJobSensor
from airflow_personalize.sensors.event_tracker import PersonalizeEventTrackerSensor
from airflow_personalize.sensors.filter import PersonalizeFilterSensor
from airflow_personalize.sensors.metric_attribution import PersonalizeMetricAttributionSensor
from airflow_personalize.sensors.recommender import PersonalizeRecommenderSensor
from airflow_personalize.sensors.solution import PersonalizeSolutionSensor
from airflow_personalize.sensors.solution_version import PersonalizeSolutionVersionSensor

__all__ = [
    "PersonalizeBatchInferenceJobSensor",
    "PersonalizeBatchSegmentJobSensor",
    "PersonalizeCampaignSensor",
    "PersonalizeCampaignUpdateSensor",
    "PersonalizeDataDeletionJobSensor",
    "PersonalizeDatasetExportJobSensor",
    "PersonalizeDatasetGroupSensor",
    "PersonalizeDatasetImportJobSensor",
    "PersonalizeDatasetSensor",
    "PersonalizeEventTrackerSensor",
    "PersonalizeFilterSensor",
    "PersonalizeMetricAttributionSensor",
    "PersonalizeRecommenderSensor",
    "PersonalizeSolutionSensor",
    "PersonalizeSolutionVersionSensor",
]
