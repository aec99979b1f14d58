"""The least that a pipeline file needs of IAM: for the DAGs, for the role that Personalize takes, for the bucket.

Which action knows which resources: "Actions, resources, and condition keys for Amazon Personalize" of the service
authorization reference. Lists know none, so that theirs is `*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from encore.config import comparison, events
from encore.config.models import DatasetGroup, Pipeline
from encore.config.policies import SnsChannel
from encore.config.recipes import NEEDS_ACTIONS, WITHOUT_CAMPAIGN
from encore.retention import TAG

Statement = dict[str, Any]
Policy = dict[str, Any]

SERVICE = "personalize.amazonaws.com"
_LISTS = (
    "BatchInferenceJobs",
    "BatchSegmentJobs",
    "Campaigns",
    "DatasetGroups",
    "DatasetImportJobs",
    "Datasets",
    "Recommenders",
    "Schemas",
    "SolutionVersions",
    "Solutions",
)
_READ = (
    "BatchInferenceJob",
    "BatchSegmentJob",
    "Campaign",
    "Dataset",
    "DatasetImportJob",
    "Recommender",
    "Schema",
    "Solution",
    "SolutionVersion",
)
_USE_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
_USE_KEY_AS_SERVICE = (*_USE_KEY, "kms:DescribeKey", "kms:ListGrants")


@dataclass(frozen=True)
class Scope:
    """Where a deployment is; each may be a placeholder of a template language."""

    region: str
    account: str
    partition: str = "aws"

    def personalize(self, kind: str, name: str) -> str:
        return f"arn:{self.partition}:personalize:{self.region}:{self.account}:{kind}/{name}"

    def recipe(self, name: str) -> str:
        return f"arn:{self.partition}:personalize:::recipe/{name}"

    def role(self, name_or_arn: str) -> str:
        if name_or_arn.startswith("arn:"):
            return name_or_arn
        return f"arn:{self.partition}:iam::{self.account}:role/{name_or_arn}"

    def s3(self, path: str) -> str:
        return f"arn:{self.partition}:s3:::{path}"


@dataclass(frozen=True)
class ServiceRole:
    """The role that Personalize takes: who may take it, and what it may then do."""

    trust: Policy
    statements: list[Statement] = field(default_factory=list)


@dataclass(frozen=True)
class Permissions:
    """All that a pipeline file needs. `key`: statements for the policy of a KMS key, where one is named."""

    dags: list[Statement]
    doctor: list[Statement]
    roles: dict[str, ServiceRole]
    buckets: dict[str, list[Statement]]
    key: list[Statement]


def policy(statements: Sequence[Statement]) -> Policy:
    """The policy document of some statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def permissions(pipeline: Pipeline, scope: Scope, kms_key: str | None = None) -> Permissions:
    """What a pipeline file needs in an account.

    :param kms_key: ARN of the key that the buckets are encrypted with
    """
    dags: list[Statement] = []
    roles: dict[str, ServiceRole] = {}
    buckets: dict[str, list[Statement]] = {}
    for group in pipeline.dataset_groups:
        dags += [*_of_resources(group, scope), *_of_storage(group, scope), *_of_role(group, scope)]
        dags += [*_of_channels(group), *_of_removal(group, scope), *_of_experiment(group, scope)]
        access = list(_access(group, scope))
        name = group.role.rsplit("/", 1)[-1]
        roles.setdefault(name, ServiceRole(_trust(scope))).statements.extend(access)
        buckets.setdefault(group.bucket, []).extend(
            _for_service(statement, scope)
            for statement in access
            if all(action.startswith("s3:") for action in statement["Action"])
        )
    compares = any(group.comparison for group in pipeline.dataset_groups)
    tracks = any(group.event_tracker for group in pipeline.dataset_groups)
    attributes = any(group.metric_attribution for group in pipeline.dataset_groups)
    dags.append(_of_reads(scope))
    lists = [*_LISTS, *(["EventTrackers"] if compares or tracks else [])]
    lists += ["MetricAttributions", "MetricAttributionMetrics"] if attributes else []
    dags.append(_allow("Lists", [f"personalize:List{name}" for name in lists], ["*"]))
    # How often campaigns are asked and, with an attribution, what recommendations have led to.
    dags.append(_allow("CloudWatch", ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"], ["*"]))
    key = []
    if kms_key:
        dags.append(_allow("Key", _USE_KEY, [kms_key]))
        for role in roles.values():
            role.statements.append(_allow("Key", _USE_KEY_AS_SERVICE, [kms_key]))
        users = {"Service": SERVICE, "AWS": [scope.role(group.role) for group in pipeline.dataset_groups]}
        of_key = _allow("Personalize", (*_USE_KEY_AS_SERVICE, "kms:CreateGrant"), ["*"])
        key = [{**of_key, "Principal": users}]
    return Permissions(dags, _of_doctor(pipeline, scope), roles, buckets, key)


def _allow(sid: str, actions: Sequence[str], resources: Sequence[str], **more: Any) -> Statement:
    return {
        "Sid": re.sub(r"[^A-Za-z0-9]", "", sid),
        "Effect": "Allow",
        "Action": sorted(set(actions)),
        "Resource": list(dict.fromkeys(resources)),
        **more,
    }


def _sid(group: DatasetGroup, what: str) -> str:
    return "".join(word.capitalize() for word in re.split(r"[^A-Za-z0-9]+", group.name)) + what


def _of_resources(group: DatasetGroup, scope: Scope) -> Iterator[Statement]:
    """What the DAGs do with the group's own resources."""

    def allow(what: str, actions: Sequence[str], resources: Sequence[str]) -> Statement:
        return _allow(_sid(group, what), [f"personalize:{action}" for action in actions], resources)

    kinds = list(group.datasets)
    jobs = ["CreateFilter"] if group.filters else []
    jobs += ["CreateEventTracker"] if group.event_tracker else []
    jobs += ["CreateMetricAttribution"] if group.metric_attribution else []
    jobs += ["CreateRecommender"] if group.recommenders else []
    yield allow(
        "Group",
        ["CreateDatasetGroup", "DescribeDatasetGroup", "CreateDataset", "CreateSolution", *jobs],
        [scope.personalize("dataset-group", group.name)],
    )
    schemas = ["CreateSchema", *(["DeleteSchema"] if group.retention.unused_schemas else [])]
    yield allow("Schemas", schemas, [scope.personalize("schema", f"{group.name}-{kind}-*") for kind in kinds])
    yield allow(
        "Datasets",
        ["CreateDataset", "UpdateDataset", "CreateDatasetImportJob"],
        [scope.personalize("dataset", f"{group.name}/{kind.upper()}") for kind in kinds],
    )
    yield allow(
        "Imports",
        ["CreateDatasetImportJob"],
        [scope.personalize("dataset-import-job", f"import_{kind}-*") for kind in kinds],
    )
    yield from _of_models(group, scope)
    if group.event_tracker:
        tracker = scope.personalize("event-tracker", "*")  # its ARN ends with an id that the service makes up
        yield allow("Tracker", ["CreateEventTracker", "DescribeEventTracker", "TagResource"], [tracker])
    if attribution := group.metric_attribution:
        name = scope.personalize("metric-attribution", attribution.name or group.name)
        actions = [f"{verb}MetricAttribution" for verb in ("Create", "Describe", "Update")]
        yield allow("Attribution", actions, [name])
    if group.recommenders:
        names = [scope.personalize("recommender", recommender.name) for recommender in group.recommenders]
        verbs = ["CreateRecommender", "UpdateRecommender", "TagResource"]
        states = {recommender.state for recommender in group.recommenders}
        verbs += ["StartRecommender"] if "active" in states else []
        verbs += ["StopRecommender"] if "stopped" in states else []
        yield allow("Recommenders", verbs, names)
    if group.filters:
        names = [scope.personalize("filter", filter_.name) for filter_ in group.filters]
        yield allow("Filters", ["CreateFilter", "DescribeFilter"], names)


def _of_models(group: DatasetGroup, scope: Scope) -> Iterator[Statement]:
    """What the DAGs do with solutions, their versions and campaigns, and with batch jobs."""

    def allow(what: str, actions: Sequence[str], resources: Sequence[str]) -> Statement:
        return _allow(_sid(group, what), [f"personalize:{action}" for action in actions], resources)

    own = [job.solution_name for job in group.batch_jobs if job.recipe]
    solutions = [*(solution.name for solution in group.solutions), *own]
    batch = {("segment" if job.kind == "segments" else "inference") for job in group.batch_jobs}
    batch |= {"inference"} if group.comparison else set()
    yield allow(
        "Solutions",
        [
            "CreateSolution",
            "UpdateSolution",
            "CreateSolutionVersion",
            "StopSolutionVersionCreation",
            "TagResource",
            "CreateCampaign",
            *(["CreateBatchInferenceJob"] if "inference" in batch else []),
        ],
        [scope.personalize("solution", f"{name}{rest}") for name in solutions for rest in ("", "/*")],
    )
    served = [solution for solution in group.solutions if solution.recipe not in WITHOUT_CAMPAIGN]
    answers = {_answer(solution.recipe) for solution in served}
    yield allow(
        "Campaigns",
        ["CreateCampaign", "UpdateCampaign", "TagResource", *answers],
        [scope.personalize("campaign", solution.campaign_name) for solution in served],
    )
    recipes = [scope.recipe(solution.recipe) for solution in served]
    yield allow("Recipes", ["DescribeRecipe"], recipes)
    if batch:
        jobs = [scope.personalize(f"batch-{kind}-job", "job-*") for kind in sorted(batch)]
        yield allow("Batch", [*(f"CreateBatch{kind.capitalize()}Job" for kind in batch), "TagResource"], jobs)


def _answer(recipe: str) -> str:
    if recipe in NEEDS_ACTIONS:
        return "GetActionRecommendations"
    return "GetPersonalizedRanking" if "personalized-ranking" in recipe else "GetRecommendations"


def _of_storage(group: DatasetGroup, scope: Scope) -> Iterator[Statement]:
    """What the DAGs do in the bucket.

    `s3:ListBucket` has no condition on `s3:prefix`: without the permission, and a request for an object has no prefix,
    S3 answers 403 instead of 404 to what is not there yet, such as the manifest of a day that no export has written.
    """
    yield _allow(
        _sid(group, "Bucket"), ["s3:ListBucket", "s3:ListBucketMultipartUploads"], [scope.s3(group.bucket)]
    )
    yield _allow(
        _sid(group, "Objects"),
        ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
        [scope.s3(f"{group.bucket}/{group.prefix}/*")],
    )


def _of_role(group: DatasetGroup, scope: Scope) -> Iterator[Statement]:
    role = scope.role(group.role)
    yield _allow(_sid(group, "SeeRole"), ["iam:GetRole"], [role])
    only = {"StringEquals": {"iam:PassedToService": SERVICE}}
    yield _allow(_sid(group, "PassRole"), ["iam:PassRole"], [role], Condition=only)


def _of_channels(group: DatasetGroup) -> Iterator[Statement]:
    topics = [channel.topic_arn for channel in group.notify if isinstance(channel, SnsChannel)]
    if topics:
        yield _allow(_sid(group, "Topics"), ["sns:Publish"], topics)


def _of_removal(group: DatasetGroup, scope: Scope) -> Iterator[Statement]:
    """What the clean-up takes away that the file no longer names, where the file lets it: only what Encore made."""
    if not group.retention.remove_unlisted:
        return
    everything = [scope.personalize(kind, "*") for kind in ("campaign", "solution")]
    yield _allow(_sid(group, "Unlisted"), ["personalize:ListTagsForResource"], everything)
    ours = {"StringEquals": {f"aws:ResourceTag/{TAG}": group.name}}
    delete = ("personalize:DeleteCampaign", "personalize:DeleteSolution")
    yield _allow(_sid(group, "Removal"), delete, everything, Condition=ours)


def _of_experiment(group: DatasetGroup, scope: Scope) -> Iterator[Statement]:
    """What the end of an experiment takes away: the loser's campaign, whichever of the two that will be."""
    experiment = group.experiment
    if experiment and experiment.keep_loser_days is not None:
        names = [group.solution(name).campaign_name for name in (experiment.champion, experiment.challenger)]
        delete = ("personalize:DeleteCampaign", "personalize:ListTagsForResource")
        yield _allow(_sid(group, "Loser"), delete, [scope.personalize("campaign", name) for name in names])


def _of_reads(scope: Scope) -> Statement:
    """What is read whoever made it.

    The clean-up looks whether a job of whomever still reads what it would remove, and a dataset uses a schema; a
    dataset that was made by hand has a schema of any name. A run names what is paid for and not used.
    """
    reads = [f"personalize:Describe{kind}" for kind in _READ] + ["personalize:GetSolutionMetrics"]
    kinds = [re.sub(r"(?<=.)(?=[A-Z])", "-", kind).lower() for kind in _READ if kind != "SolutionVersion"]
    return _allow("ReadOfAll", reads, [scope.personalize(kind, "*") for kind in kinds])


def _trust(scope: Scope) -> Policy:
    """Only Personalize may take the role, and only for this account's resources (confused deputy)."""
    condition = {
        "StringEquals": {"aws:SourceAccount": scope.account},
        "ArnLike": {"aws:SourceArn": f"arn:{scope.partition}:personalize:{scope.region}:{scope.account}:*"},
    }
    return policy(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": SERVICE},
                "Action": "sts:AssumeRole",
                "Condition": condition,
            }
        ]
    )


def _access(group: DatasetGroup, scope: Scope) -> Iterator[Statement]:
    """What Personalize does in the bucket: it reads what was exported, and writes the output of batch jobs."""
    yield _allow(_sid(group, "Bucket"), ["s3:ListBucket"], [scope.s3(group.bucket)])
    yield _allow(_sid(group, "Read"), ["s3:GetObject"], [scope.s3(f"{group.bucket}/{group.prefix}/*")])
    folders = [job.folder for job in group.batch_jobs] + ([comparison.FOLDER] if group.comparison else [])
    if group.metric_attribution:
        yield _allow(_sid(group, "Metrics"), ["cloudwatch:PutMetricData"], ["*"])
        folders += [events.FOLDER] if group.metric_attribution.reports else []
    if folders:
        written = [scope.s3(f"{group.bucket}/{group.prefix}/{folder}/*") for folder in folders]
        yield _allow(_sid(group, "Write"), ["s3:PutObject"], written)


def _for_service(statement: Statement, scope: Scope) -> Statement:
    """The same in a bucket's policy: for the service, and for nobody else's use of it."""
    only = {"StringEquals": {"aws:SourceAccount": scope.account}}
    return {**statement, "Principal": {"Service": SERVICE}, "Condition": only}


def _of_doctor(pipeline: Pipeline, scope: Scope) -> list[Statement]:
    """What `encore doctor`, `plan` and `adopt` look at beyond what the DAGs may; they change nothing."""
    groups = pipeline.dataset_groups
    reads = (
        "personalize:Describe*",
        "personalize:List*",
        "servicequotas:ListServiceQuotas",
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
        "iam:SimulateCustomPolicy",
        "iam:SimulatePrincipalPolicy",
    )
    return [
        _allow("Read", reads, ["*"]),
        _allow("LookAtBuckets", ["s3:GetBucketPolicy"], [scope.s3(group.bucket) for group in groups]),
    ]
