"""What an account has of a dataset group, as the service describes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_personalize.arns import arn_member
from airflow_personalize.pagination import find_by, list_all

Description = Mapping[str, Any]
DELETING = "DELETE"


@dataclass(frozen=True)
class ExistingDataset:
    """A dataset with its schema's definition."""

    arn: str
    name: str
    schema_arn: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Inventory:
    """A dataset group of an account.

    :param datasets: by type, in lower case
    :param campaigns: by the name of the solution that they serve
    :param metric_attributions: each with its `metrics`
    :param imports: descriptions of import jobs, the newest first
    """

    group: Description
    datasets: Mapping[str, ExistingDataset] = field(default_factory=dict)
    solutions: Mapping[str, Description] = field(default_factory=dict)
    campaigns: Mapping[str, list[Description]] = field(default_factory=dict)
    filters: Mapping[str, Description] = field(default_factory=dict)
    recommenders: Mapping[str, Description] = field(default_factory=dict)
    event_trackers: Mapping[str, Description] = field(default_factory=dict)
    metric_attributions: Mapping[str, Description] = field(default_factory=dict)
    imports: list[Description] = field(default_factory=list)

    @property
    def arn(self) -> str:
        return str(self.group["datasetGroupArn"])

    @property
    def domain(self) -> str | None:
        return self.group.get("domain")

    def all_campaigns(self) -> Iterator[Description]:
        for campaigns in self.campaigns.values():
            yield from campaigns


def read_inventory(client: Any, name: str) -> Inventory | None:
    """All there is in the dataset group of a name; None if there is no such group."""
    listed = find_by(client, "list_dataset_groups", name=name)
    if listed is None:
        return None
    arn = listed["datasetGroupArn"]
    datasets = {
        dataset["datasetType"].lower(): _dataset(client, dataset)
        for dataset in _descriptions(client, "dataset", datasetGroupArn=arn)
    }
    others: dict[str, Any] = {
        f"{kind}s": {entry["name"]: dict(entry) for entry in _descriptions(client, kind, datasetGroupArn=arn)}
        for kind in ("filter", "event_tracker", "metric_attribution")
    }
    for attribution in others["metric_attributions"].values():
        arn_of_attribution = attribution["metricAttributionArn"]
        listed_metrics = list_all(
            client, "list_metric_attribution_metrics", metricAttributionArn=arn_of_attribution
        )
        attribution["metrics"] = list(listed_metrics)
    return Inventory(
        group=client.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"],
        datasets=datasets,
        imports=_imports(client, datasets),
        **others,
        **_models(client, arn),
    )


def read_models(client: Any, name: str) -> Inventory | None:
    """Of the dataset group of a name what is paid for by the hour or trains: solutions, campaigns, recommenders."""
    listed = find_by(client, "list_dataset_groups", name=name)
    return Inventory(group=listed, **_models(client, listed["datasetGroupArn"])) if listed else None


def _models(client: Any, group_arn: str) -> dict[str, Any]:
    """The fields of `Inventory` for solutions, their campaigns, and recommenders."""
    solutions, recommenders = (
        {entry["name"]: entry for entry in _descriptions(client, kind, datasetGroupArn=group_arn)}
        for kind in ("solution", "recommender")
    )
    campaigns = {
        name: list(_descriptions(client, "campaign", solutionArn=solution["solutionArn"]))
        for name, solution in solutions.items()
    }
    return {"solutions": solutions, "campaigns": campaigns, "recommenders": recommenders}


def _descriptions(client: Any, kind: str, **arguments: str) -> Iterator[Description]:
    """Descriptions of the resources of a kind, but for those that are being deleted."""
    member = arn_member(kind)
    for entry in list_all(client, f"list_{kind}s", **arguments):
        if not str(entry.get("status", "")).startswith(DELETING):
            yield _describe(client, kind, entry[member])


def _describe(client: Any, kind: str, arn: str) -> Description:
    answer = getattr(client, f"describe_{kind}")(**{arn_member(kind): arn})
    description: Description = next(value for name, value in answer.items() if name != "ResponseMetadata")
    return description


def _dataset(client: Any, dataset: Description) -> ExistingDataset:
    arn = str(dataset["schemaArn"])
    text = client.describe_schema(schemaArn=arn)["schema"]["schema"]
    return ExistingDataset(dataset["datasetArn"], dataset["name"], arn, json.loads(text))


def _imports(client: Any, datasets: Mapping[str, ExistingDataset]) -> list[Description]:
    listed = [
        entry
        for dataset in datasets.values()
        for entry in list_all(client, "list_dataset_import_jobs", datasetArn=dataset.arn)
        if entry["status"] == "ACTIVE"
    ]
    newest = sorted(listed, key=lambda entry: entry["creationDateTime"], reverse=True)[:5]
    return [_describe(client, "dataset_import_job", entry["datasetImportJobArn"]) for entry in newest]
