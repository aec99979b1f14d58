"""Dataset groups as the page shows them: all of them in short, one of them whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localpersonalize.page import statuses
from localpersonalize.page.jobs import Job, jobs_of, progress_of
from localpersonalize.page.metrics import RECOMMENDER, Measured
from localpersonalize.page.service import Service
from localpersonalize.protocol.errors import NotFoundError, ServiceError


@dataclass(frozen=True)
class Serving:
    """A campaign or a recommender. `key` names it in addresses of the page: `campaign/front`."""

    kind: str
    name: str
    arn: str
    status: str
    recipe: str
    version: str
    changed: float
    reason: str = ""
    update: str = ""
    """State of an update that is not done, or failed."""
    percent: int | None = None
    doing: str = ""
    made: float = 0.0
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Of a recommender; those of a campaign are its version's."""

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def tone(self) -> statuses.Tone:
        return statuses.tone(self.status)


@dataclass(frozen=True)
class Group:
    """A dataset group with all that belongs to it; members as Describe and List operations answer them."""

    body: dict[str, Any]
    datasets: list[dict[str, Any]]
    solutions: list[dict[str, Any]]
    versions: dict[str, list[dict[str, Any]]]
    """Of each solution, by its ARN, oldest first."""
    servings: list[Serving]
    filters: list[dict[str, Any]]
    trackers: list[dict[str, Any]]
    jobs: list[Job]

    @property
    def name(self) -> str:
        return str(self.body["name"])

    @property
    def arn(self) -> str:
        return str(self.body["datasetGroupArn"])

    @property
    def contents(self) -> list[str]:
        """How many datasets, solutions, campaigns and recommenders it has; those that it has none of are left out."""
        campaigns = sum(serving.kind == "campaign" for serving in self.servings)
        counts = {
            "dataset": len(self.datasets),
            "solution": len(self.solutions),
            "campaign": campaigns,
            "recommender": len(self.servings) - campaigns,
        }
        return [f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts.items() if count]

    @property
    def is_busy(self) -> bool:
        """Whether something of it is still changing, so that it is worth asking again soon."""
        states = [
            *(body["status"] for body in (self.body, *self.datasets, *self.solutions, *self.filters)),
            *(serving.update or serving.status for serving in self.servings),
            *(job.status for job in self.jobs),
        ]
        return any(statuses.tone(status) == "busy" for status in states)

    def count(self, tone: statuses.Tone) -> int:
        """How many of its jobs, campaigns and recommenders are in such a state."""
        tones = [job.tone for job in self.jobs] + [serving.tone for serving in self.servings]
        return tones.count(tone)


def group_bodies(service: Service) -> list[dict[str, Any]]:
    """What ListDatasetGroups answers, newest first."""
    return service.all("ListDatasetGroups")[::-1]


def find_group(service: Service, name: str) -> dict[str, Any]:
    """
    :raises NotFoundError: if there is no dataset group of this name.
    """
    for body in group_bodies(service):
        if body["name"] == name:
            return body
    raise NotFoundError(f"There is no dataset group {name}. It may have been deleted.", status=404)


def read_group(service: Service, body: dict[str, Any]) -> Group:
    """Everything that belongs to a dataset group."""
    arn = body["datasetGroupArn"]
    datasets = service.all("ListDatasets", datasetGroupArn=arn)
    solutions = service.all("ListSolutions", datasetGroupArn=arn)
    versions = {
        solution["solutionArn"]: service.all("ListSolutionVersions", solutionArn=solution["solutionArn"])
        for solution in solutions
    }
    return Group(
        body,
        datasets,
        solutions,
        versions,
        [*_campaigns(service, solutions), *_recommenders(service, arn)],
        service.all("ListFilters", datasetGroupArn=arn),
        service.all("ListEventTrackers", datasetGroupArn=arn),
        jobs_of(service, arn, datasets, solutions, versions),
    )


def _campaigns(service: Service, solutions: list[dict[str, Any]]) -> Iterator[Serving]:
    for solution in solutions:
        recipe = solution["recipeArn"].rsplit("/", 1)[-1]
        for summary in service.all("ListCampaigns", solutionArn=solution["solutionArn"]):
            body = service.find("DescribeCampaign", campaignArn=summary["campaignArn"])
            if body is None:
                continue
            update = body.get("latestCampaignUpdate", {})
            status = update.get("status", "ACTIVE")
            yield Serving(
                "campaign",
                body["name"],
                body["campaignArn"],
                body["status"],
                recipe,
                "/".join(body["solutionVersionArn"].rsplit("/", 2)[1:]),
                body["lastUpdatedDateTime"],
                body.get("failureReason") or update.get("failureReason", ""),
                "" if status == "ACTIVE" else status,
            )


def _recommenders(service: Service, group_arn: str) -> Iterator[Serving]:
    for summary in service.all("ListRecommenders", datasetGroupArn=group_arn):
        arn = summary["recommenderArn"]
        body = service.find("DescribeRecommender", recommenderArn=arn)
        if body is None:
            continue
        update = body.get("latestRecommenderUpdate", {})
        status = update.get("status", "ACTIVE")
        percent, doing = progress_of(service.progress(arn))
        yield Serving(
            "recommender",
            body["name"],
            arn,
            body["status"],
            body["recipeArn"].rsplit("/", 1)[-1],
            "",
            body["lastUpdatedDateTime"],
            body.get("failureReason") or update.get("failureReason", ""),
            "" if status == "ACTIVE" else status,
            percent,
            doing,
            body["creationDateTime"],
            body.get("modelMetrics", {}),
        )


def measured_in(service: Service, group: Group) -> Iterator[Measured]:
    """Metrics of every version and recommender of a group that has some."""
    for solution in group.solutions:
        for body in group.versions[solution["solutionArn"]]:
            if body["status"] == "ACTIVE":
                arn = body["solutionVersionArn"]
                yield Measured(
                    solution["name"], arn.rsplit("/", 1)[-1], body["creationDateTime"], _metrics(service, arn)
                )
    for serving in group.servings:
        if serving.metrics:
            yield Measured(serving.name, RECOMMENDER, serving.made, serving.metrics)


def _metrics(service: Service, version_arn: str) -> dict[str, float]:
    """A version's metrics; none if it has gone, or is being deleted, since it was listed."""
    try:
        metrics: dict[str, float] = service.call("GetSolutionMetrics", {"solutionVersionArn": version_arn})[
            "metrics"
        ]
    except ServiceError:
        return {}
    return metrics


# --- what comes next ---


@dataclass(frozen=True)
class Step:
    """What a group lacks before it can recommend, and the commands that make it."""

    text: str
    commands: tuple[str, ...]


_EXAMPLE_SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}


def next_step(service: Service, group: Group) -> Step | None:
    """What is missing between a group and its first recommendation; None if nothing is, or it is being made."""
    aws, arn = "aws personalize", group.arn
    account = arn.rsplit(":", 1)[0]
    if group.body["status"] != "ACTIVE":
        return None
    dataset = next((body for body in group.datasets if body["datasetType"].upper() == "INTERACTIONS"), None)
    if dataset is None:
        return Step(
            "There is no Interactions dataset yet, and nothing is trained without one. Create its schema and the"
            " dataset.",
            (
                f"{aws} create-schema --name {group.name}-interactions --schema '{json.dumps(_EXAMPLE_SCHEMA)}'",
                f"{aws} create-dataset --name interactions --dataset-type Interactions --dataset-group-arn {arn}"
                f" --schema-arn {account}:schema/{group.name}-interactions",
            ),
        )
    imports = [job for job in group.jobs if job.kind == "Import" and job.of == "Interactions"]
    if not any(job.tone in ("well", "busy") for job in imports):
        return Step(
            "The datasets hold nothing that was imported yet. Put CSV files into S3, and import them with a role that"
            " may read them.",
            (
                "aws s3 mb s3://data && aws s3 cp interactions.csv s3://data/",
                f"{aws} create-dataset-import-job --job-name first --dataset-arn {dataset['datasetArn']}"
                f" --data-source dataLocation=s3://data/interactions.csv --role-arn ROLE_ARN --import-mode FULL",
            ),
        )
    return _step_of_training(group, aws, account)


def _step_of_training(group: Group, aws: str, account: str) -> Step | None:
    if group.servings or group.count("busy"):
        return None
    trained = [
        body["solutionVersionArn"]
        for bodies in group.versions.values()
        for body in bodies
        if body["status"] == "ACTIVE"
    ]
    if trained:
        return Step(
            "A version is trained. A campaign serves it.",
            (f"{aws} create-campaign --name {group.name} --solution-version-arn {trained[-1]}",),
        )
    if domain := group.body.get("domain"):
        use_case = "aws-ecomm-recommended-for-you" if domain == "ECOMMERCE" else "aws-vod-top-picks"
        return Step(
            "The data is here. A recommender trains a use case on it, and serves.",
            (
                f"{aws} create-recommender --name {group.name} --dataset-group-arn {group.arn}"
                f" --recipe-arn arn:aws:personalize:::recipe/{use_case}",
            ),
        )
    create_version = f"{aws} create-solution-version --solution-arn "
    if group.solutions:
        return Step(
            "There is a solution, and no version of it is trained.",
            (create_version + group.solutions[-1]["solutionArn"],),
        )
    return Step(
        "The data is here. A solution names the recipe, and a version of it is trained.",
        (
            f"{aws} create-solution --name {group.name} --dataset-group-arn {group.arn} --no-perform-auto-training"
            " --recipe-arn arn:aws:personalize:::recipe/aws-user-personalization-v2",
            f"{create_version}{account}:solution/{group.name}",
        ),
    )
