"""Sensors: wait until a resource of Amazon Personalize is as it should be, whoever made it."""

from personalize.sensors.data import (
    PersonalizeDataDeletionJobSensor,
    PersonalizeDatasetExportJobSensor,
    PersonalizeDatasetGroupSensor,
    PersonalizeDatasetImportJobSensor,
    PersonalizeDatasetSensor,
)
from personalize.sensors.models import (
    PersonalizeCampaignSensor,
    PersonalizeCampaignUpdateSensor,
    PersonalizeRecommenderSensor,
    PersonalizeSolutionSensor,
    PersonalizeSolutionVersionSensor,
)
from personalize.sensors.serving import (
    PersonalizeBatchInferenceJobSensor,
    PersonalizeBatchSegmentJobSensor,
    PersonalizeEventTrackerSensor,
    PersonalizeFilterSensor,
    PersonalizeMetricAttributionSensor,
)

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
