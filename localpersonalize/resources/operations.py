"""Every operation of the control plane and of the events service, by name: who answers it.

Those of the runtime are answered by the engine, see `localpersonalize.runtime.engine`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from localpersonalize import resource_types as types
from localpersonalize.resources import (
    batch_jobs,
    campaigns,
    catalogue,
    data_deletion_jobs,
    dataset_export_jobs,
    dataset_groups,
    dataset_import_jobs,
    datasets,
    event_trackers,
    filters,
    metric_attributions,
    put_records,
    recommenders,
    schemas,
    solution_versions,
    solutions,
    tags,
)
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.deletion import delete
from localpersonalize.resources.describe import describe, list_all

Handler = Callable[[Context, Params], Answer]

OPERATIONS: Mapping[str, Handler] = {
    "CreateDatasetGroup": dataset_groups.create,
    "DescribeDatasetGroup": partial(describe, types.DATASET_GROUP),
    "ListDatasetGroups": partial(list_all, types.DATASET_GROUP),
    "DeleteDatasetGroup": partial(delete, types.DATASET_GROUP),
    "CreateSchema": schemas.create,
    "DescribeSchema": partial(describe, types.SCHEMA),
    "ListSchemas": partial(list_all, types.SCHEMA),
    "DeleteSchema": partial(delete, types.SCHEMA),
    "CreateDataset": datasets.create,
    "UpdateDataset": datasets.update,
    "DescribeDataset": partial(describe, types.DATASET),
    "ListDatasets": partial(list_all, types.DATASET),
    "DeleteDataset": partial(delete, types.DATASET),
    "CreateDatasetImportJob": dataset_import_jobs.create,
    "DescribeDatasetImportJob": partial(describe, types.DATASET_IMPORT_JOB),
    "ListDatasetImportJobs": partial(list_all, types.DATASET_IMPORT_JOB),
    "CreateDatasetExportJob": dataset_export_jobs.create,
    "DescribeDatasetExportJob": partial(describe, types.DATASET_EXPORT_JOB),
    "ListDatasetExportJobs": partial(list_all, types.DATASET_EXPORT_JOB),
    "CreateDataDeletionJob": data_deletion_jobs.create,
    "DescribeDataDeletionJob": partial(describe, types.DATA_DELETION_JOB),
    "ListDataDeletionJobs": partial(list_all, types.DATA_DELETION_JOB),
    "CreateMetricAttribution": metric_attributions.create,
    "UpdateMetricAttribution": metric_attributions.update,
    "ListMetricAttributionMetrics": metric_attributions.list_metrics,
    "DescribeMetricAttribution": partial(describe, types.METRIC_ATTRIBUTION),
    "ListMetricAttributions": partial(list_all, types.METRIC_ATTRIBUTION),
    "DeleteMetricAttribution": partial(delete, types.METRIC_ATTRIBUTION),
    "CreateSolution": solutions.create,
    "UpdateSolution": solutions.update,
    "GetSolutionMetrics": solutions.metrics,
    "DescribeSolution": partial(describe, types.SOLUTION),
    "ListSolutions": partial(list_all, types.SOLUTION),
    "DeleteSolution": partial(delete, types.SOLUTION),
    "CreateSolutionVersion": solution_versions.create,
    "StopSolutionVersionCreation": solution_versions.stop,
    "DescribeSolutionVersion": partial(describe, types.SOLUTION_VERSION),
    "ListSolutionVersions": partial(list_all, types.SOLUTION_VERSION),
    "CreateCampaign": campaigns.create,
    "UpdateCampaign": campaigns.update,
    "DescribeCampaign": partial(describe, types.CAMPAIGN),
    "ListCampaigns": partial(list_all, types.CAMPAIGN),
    "DeleteCampaign": partial(delete, types.CAMPAIGN),
    "CreateFilter": filters.create,
    "DescribeFilter": partial(describe, types.FILTER),
    "ListFilters": partial(list_all, types.FILTER),
    "DeleteFilter": partial(delete, types.FILTER),
    "CreateRecommender": recommenders.create,
    "UpdateRecommender": recommenders.update,
    "StartRecommender": recommenders.start,
    "StopRecommender": recommenders.stop,
    "DescribeRecommender": partial(describe, types.RECOMMENDER),
    "ListRecommenders": partial(list_all, types.RECOMMENDER),
    "DeleteRecommender": partial(delete, types.RECOMMENDER),
    "CreateEventTracker": event_trackers.create,
    "DescribeEventTracker": partial(describe, types.EVENT_TRACKER),
    "ListEventTrackers": partial(list_all, types.EVENT_TRACKER),
    "DeleteEventTracker": partial(delete, types.EVENT_TRACKER),
    "CreateBatchInferenceJob": batch_jobs.create_inference,
    "DescribeBatchInferenceJob": partial(describe, types.BATCH_INFERENCE_JOB),
    "ListBatchInferenceJobs": partial(list_all, types.BATCH_INFERENCE_JOB),
    "CreateBatchSegmentJob": batch_jobs.create_segment,
    "DescribeBatchSegmentJob": partial(describe, types.BATCH_SEGMENT_JOB),
    "ListBatchSegmentJobs": partial(list_all, types.BATCH_SEGMENT_JOB),
    "ListRecipes": catalogue.list_recipes,
    "DescribeRecipe": catalogue.describe_recipe,
    "DescribeAlgorithm": catalogue.describe_algorithm,
    "DescribeFeatureTransformation": catalogue.describe_feature_transformation,
    "TagResource": tags.tag,
    "UntagResource": tags.untag,
    "ListTagsForResource": tags.list_tags,
    "PutEvents": put_records.put_events,
    "PutItems": put_records.put_items,
    "PutUsers": put_records.put_users,
    "PutActions": put_records.put_actions,
    "PutActionInteractions": put_records.put_action_interactions,
}

PREPARATIONS: Mapping[str, Callable[[Params], None]] = {"CreateSolution": solutions.load_recipe}
"""What takes a while and must not keep others from changing resources: done before the operation itself begins."""
