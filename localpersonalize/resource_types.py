"""The kinds of resources there are: their states, and what is kept of each.

A resource is a dictionary in the shape that its Describe operation returns, times as epoch seconds. Members that begin
with an underscore are the service's own and never reach the wire, since no shape has them. Parts that clients give and
that only the training or the engine reads (`solutionConfig`, ...) stay as they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, NotRequired, TypedDict, TypeVar

from localpersonalize.protocol.arns import member_name

# --- states ---

Status = Literal[
    "CREATE PENDING",
    "CREATE IN_PROGRESS",
    "ACTIVE",
    "CREATE FAILED",
    "CREATE STOPPING",
    "CREATE STOPPED",
    "PENDING",
    "IN_PROGRESS",
    "COMPLETED",
    "FAILED",
    "UPDATE PENDING",
    "UPDATE IN_PROGRESS",
    "STOP PENDING",
    "STOP IN_PROGRESS",
    "INACTIVE",
    "START PENDING",
    "START IN_PROGRESS",
    "DELETE PENDING",
    "DELETE IN_PROGRESS",
    "DELETE FAILED",
]

CREATE_PENDING: Final = "CREATE PENDING"
CREATE_IN_PROGRESS: Final = "CREATE IN_PROGRESS"
ACTIVE: Final = "ACTIVE"
CREATE_FAILED: Final = "CREATE FAILED"
CREATE_STOPPING: Final = "CREATE STOPPING"
CREATE_STOPPED: Final = "CREATE STOPPED"
INACTIVE: Final = "INACTIVE"

AT_REST: Final = (ACTIVE, CREATE_FAILED, CREATE_STOPPED, INACTIVE, "DELETE FAILED")
"""States in which nothing is being done to a resource."""
BEING_CREATED: Final = (CREATE_PENDING, CREATE_IN_PROGRESS, CREATE_STOPPING)
STATUS_AFTER_FAILURE: Final[Mapping[Status, Status]] = {
    "CREATE PENDING": "CREATE FAILED",
    "CREATE IN_PROGRESS": "CREATE FAILED",
    "CREATE STOPPING": "CREATE STOPPED",
    "PENDING": "FAILED",
    "IN_PROGRESS": "FAILED",
    "UPDATE PENDING": "ACTIVE",
    "UPDATE IN_PROGRESS": "ACTIVE",
    "DELETE PENDING": "DELETE FAILED",
    "DELETE IN_PROGRESS": "DELETE FAILED",
}
"""What becomes of a resource when what is being done to it fails; what serves goes on to."""

# --- what is kept of each ---


class _Dated(TypedDict):
    creationDateTime: float
    lastUpdatedDateTime: float


class _Stateful(_Dated):
    status: Status
    failureReason: NotRequired[str]


class DatasetGroup(_Stateful):
    datasetGroupArn: str
    name: str
    domain: NotRequired[str]
    roleArn: NotRequired[str]
    kmsKeyArn: NotRequired[str]


class Schema(_Dated):
    schemaArn: str
    name: str
    schema: str
    domain: NotRequired[str]


class DatasetUpdate(_Stateful):
    schemaArn: str


class Dataset(_Stateful):
    """`_versions`: the folders of its bulk data, see `localpersonalize.datasets.tables`."""

    datasetArn: str
    name: str
    datasetGroupArn: str
    datasetType: str
    schemaArn: str
    trackingId: NotRequired[str]
    latestDatasetUpdate: NotRequired[DatasetUpdate]
    _versions: NotRequired[list[str]]


class _DataSource(TypedDict, total=False):
    dataLocation: str


class _S3Path(TypedDict):
    path: str


class _S3Destination(TypedDict):
    s3DataDestination: _S3Path


class _S3Source(TypedDict):
    s3DataSource: _S3Path


class DatasetImportJob(_Stateful):
    """`_truncated`: how many texts of each field were longer than the service keeps."""

    datasetImportJobArn: str
    jobName: str
    datasetArn: str
    dataSource: _DataSource
    roleArn: str
    importMode: str
    publishAttributionMetricsToS3: NotRequired[bool]
    _rows: NotRequired[int]
    _truncated: NotRequired[dict[str, int]]


class DatasetExportJob(_Stateful):
    datasetExportJobArn: str
    jobName: str
    datasetArn: str
    ingestionMode: str
    roleArn: str
    jobOutput: _S3Destination


class DataDeletionJob(_Stateful):
    dataDeletionJobArn: str
    jobName: str
    datasetGroupArn: str
    dataSource: _DataSource
    roleArn: str
    numDeleted: NotRequired[int]


class AttributedMetric(TypedDict):
    eventType: str
    metricName: str
    expression: str


class MetricsOutput(TypedDict):
    roleArn: str
    s3DataDestination: NotRequired[_S3Path]


class MetricAttribution(_Stateful):
    metricAttributionArn: str
    name: str
    datasetGroupArn: str
    metrics: list[AttributedMetric]
    metricsOutputConfig: MetricsOutput


class SolutionUpdate(_Stateful):
    solutionUpdateConfig: Mapping[str, Any]
    performAutoTraining: NotRequired[bool]
    performIncrementalUpdate: NotRequired[bool]


class Solution(_Stateful):
    solutionArn: str
    name: str
    datasetGroupArn: str
    recipeArn: str
    performHPO: bool
    performAutoML: bool
    performAutoTraining: bool
    performIncrementalUpdate: bool
    solutionConfig: Mapping[str, Any]
    eventType: NotRequired[str]
    latestSolutionVersion: NotRequired[SolutionVersion]
    latestSolutionUpdate: NotRequired[SolutionUpdate]


class SolutionVersion(_Stateful):
    solutionVersionArn: str
    solutionArn: str
    datasetGroupArn: str
    recipeArn: str
    trainingMode: str
    trainingType: str
    performHPO: bool
    performAutoML: bool
    performIncrementalUpdate: bool
    solutionConfig: Mapping[str, Any]
    name: NotRequired[str]
    eventType: NotRequired[str]
    trainingHours: NotRequired[float]
    tunedHPOParams: NotRequired[Mapping[str, Any]]
    _metrics: NotRequired[Mapping[str, float]]
    _baseline: NotRequired[Mapping[str, float]]


class CampaignUpdate(_Stateful):
    solutionVersionArn: str
    minProvisionedTPS: int
    campaignConfig: NotRequired[Mapping[str, Any]]


class Campaign(_Stateful):
    """`_lostModel`: its model was found damaged; an update to another version brings it back."""

    campaignArn: str
    name: str
    solutionVersionArn: str
    minProvisionedTPS: int
    campaignConfig: NotRequired[Mapping[str, Any]]
    latestCampaignUpdate: NotRequired[CampaignUpdate]
    _solutionArn: str
    _groupArn: str
    _lostModel: NotRequired[bool]


class StoredFilter(_Stateful):
    filterArn: str
    name: str
    datasetGroupArn: str
    filterExpression: str


class RecommenderUpdate(_Stateful):
    recommenderConfig: Mapping[str, Any]


class Recommender(_Stateful):
    recommenderArn: str
    name: str
    datasetGroupArn: str
    recipeArn: str
    recommenderConfig: Mapping[str, Any]
    latestRecommenderUpdate: NotRequired[RecommenderUpdate]
    modelMetrics: NotRequired[Mapping[str, float]]


class EventTracker(_Stateful):
    eventTrackerArn: str
    name: str
    datasetGroupArn: str
    trackingId: str
    accountId: str


class BatchJob(_Stateful):
    jobName: str
    solutionVersionArn: str
    jobInput: _S3Source
    jobOutput: _S3Destination
    roleArn: str
    numResults: int
    filterArn: NotRequired[str]


class BatchInferenceJob(BatchJob):
    batchInferenceJobArn: str
    batchInferenceJobMode: str
    batchInferenceJobConfig: NotRequired[Mapping[str, Any]]


class BatchSegmentJob(BatchJob):
    batchSegmentJobArn: str


# --- kinds ---

Resource = TypeVar("Resource", bound=Mapping[str, object])
Resource_co = TypeVar("Resource_co", bound=Mapping[str, object], covariant=True)


@dataclass(frozen=True)
class ResourceKind(Generic[Resource_co]):
    """A kind of resource, and by its type parameter the type of such a resource.

    `parent_member`: the member that names its parent, by which List operations narrow their answer.
    """

    name: str
    parent_member: str | None = None

    @property
    def member(self) -> str:
        """The member that holds one in Describe answers."""
        return member_name(self.name)

    @property
    def arn_member(self) -> str:
        return f"{self.member}Arn"

    @property
    def list_member(self) -> str:
        """The member that holds several in List answers; the service writes that of filters with a capital."""
        return "Filters" if self.name == "Filter" else f"{self.member}s"


DATASET_GROUP: ResourceKind[DatasetGroup] = ResourceKind("DatasetGroup")
SCHEMA: ResourceKind[Schema] = ResourceKind("Schema")
DATASET: ResourceKind[Dataset] = ResourceKind("Dataset", "datasetGroupArn")
DATASET_IMPORT_JOB: ResourceKind[DatasetImportJob] = ResourceKind("DatasetImportJob", "datasetArn")
DATASET_EXPORT_JOB: ResourceKind[DatasetExportJob] = ResourceKind("DatasetExportJob", "datasetArn")
DATA_DELETION_JOB: ResourceKind[DataDeletionJob] = ResourceKind("DataDeletionJob", "datasetGroupArn")
METRIC_ATTRIBUTION: ResourceKind[MetricAttribution] = ResourceKind("MetricAttribution", "datasetGroupArn")
SOLUTION: ResourceKind[Solution] = ResourceKind("Solution", "datasetGroupArn")
SOLUTION_VERSION: ResourceKind[SolutionVersion] = ResourceKind("SolutionVersion", "solutionArn")
CAMPAIGN: ResourceKind[Campaign] = ResourceKind("Campaign", "solutionArn")
FILTER: ResourceKind[StoredFilter] = ResourceKind("Filter", "datasetGroupArn")
RECOMMENDER: ResourceKind[Recommender] = ResourceKind("Recommender", "datasetGroupArn")
EVENT_TRACKER: ResourceKind[EventTracker] = ResourceKind("EventTracker", "datasetGroupArn")
BATCH_INFERENCE_JOB: ResourceKind[BatchInferenceJob] = ResourceKind("BatchInferenceJob", "solutionVersionArn")
BATCH_SEGMENT_JOB: ResourceKind[BatchSegmentJob] = ResourceKind("BatchSegmentJob", "solutionVersionArn")
