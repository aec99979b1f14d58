"""A pipeline file for a dataset group that exists, as the account has it, so that a run changes nothing of it.

The service knows neither the database nor its queries: those are written as far as the schema says, to be filled in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from airflow_personalize.pagination import split_uri
from encore.config.events import FOLDER
from encore.config.models import DATASET_TYPES
from encore.deployment.inventory import Description, Inventory
from encore.deployment.plan import campaign_state
from encore.deployment.plan_online import recommender_config, reports_location

# What Encore decides by itself, and does not take over from a solution.
_NOT_TAKEN_OVER = ("autoTrainingConfig",)


class AdoptionError(ValueError):
    """The group can't be taken over; the text says what stands in the way."""


@dataclass
class Adoption:
    """The section of the pipeline file, the files that it names, and what a person has to know or do.

    :param files: by path relative to `include/`
    """

    group: dict[str, Any]
    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The pipeline file."""
        head = "# Taken over from the account by `encore adopt`; `encore plan` shows what differs.\n"
        lines = "".join(f"# - {note}\n" for note in self.notes)
        return head + lines + yaml.safe_dump({"dataset_groups": [self.group]}, sort_keys=False, width=110)


def adopt(existing: Inventory, bucket: str | None = None, role: str | None = None) -> Adoption:
    """The pipeline file of a group.

    :param bucket: where exports go; default: where its last imports came from
    :param role: what Personalize takes; default: what it took for its last import
    :raises AdoptionError: if there is nothing to train on, nothing served, or no import that says bucket and role
    """
    name = str(existing.group["name"])
    adoption = Adoption({"name": name, "dag_suffix": ""})
    if existing.domain:
        adoption.group["domain"] = existing.domain
    adoption.group |= _surroundings(existing, bucket, role)
    adoption.group["datasets"] = dict(_datasets(existing, adoption))
    if solutions := list(_solutions(existing, adoption.notes)):
        adoption.group["solutions"] = solutions
    filters = [
        {"name": entry["name"], "expression": entry["filterExpression"]}
        for entry in existing.filters.values()
    ]
    if filters:
        adoption.group["filters"] = filters
    if recommenders := [_recommender(entry) for entry in existing.recommenders.values()]:
        adoption.group["recommenders"] = recommenders
    for tracker in existing.event_trackers:
        adoption.group["event_tracker"] = {"name": tracker}
    if section := _attribution(existing, adoption):
        adoption.group["metric_attribution"] = section
    adoption.notes += _left(existing)
    return adoption


def write(adoption: Adoption, file: Path, include: Path, overwrite: bool = False) -> list[Path]:
    """Write the pipeline file, and those of its schemas and queries that are not there yet.

    :raises FileExistsError: if the pipeline file is there, or a schema file with other content
    """
    if file.exists() and not overwrite:
        raise FileExistsError(f"{file} is there already; --overwrite replaces it, --out names another one")
    written = []
    for path, text in adoption.files.items():
        target = include / path
        if target.exists():
            if target.suffix == ".json" and json.loads(target.read_text()) != json.loads(text):
                raise FileExistsError(f"{target} is there already, with another schema than the account's")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        written.append(target)
    file.write_text(adoption.text)
    return [file, *written]


def _surroundings(existing: Inventory, bucket: str | None, role: str | None) -> dict[str, str]:
    if existing.imports:
        newest = existing.imports[0]
        role = role or str(newest["roleArn"])
        bucket = bucket or split_uri(newest["dataSource"]["dataLocation"])[0]
    if not bucket or not role:
        raise AdoptionError("No import of the group says its bucket and role: give --bucket and --role")
    return {"role": role, "bucket": bucket, "prefix": "encore"}


def _datasets(existing: Inventory, adoption: Adoption) -> Iterator[tuple[str, dict[str, str]]]:
    name = existing.group["name"]
    if "interactions" not in existing.datasets:
        raise AdoptionError(f"Dataset group {name} has no interactions dataset: there is nothing to train on")
    for kind in DATASET_TYPES:
        dataset = existing.datasets.get(kind)
        if dataset is None:
            continue
        schema, sql = f"schemas/{name}-{kind}.json", f"sql/{name}-{kind}.sql"
        adoption.files[schema] = json.dumps(dataset.schema, indent=2) + "\n"
        adoption.files[sql] = _query(kind, dataset.schema)
        adoption.notes.append(f"{sql}: put in the tables and columns that {kind} come from")
        yield kind, {"schema": schema, "sql": sql}


def _query(kind: str, schema: Mapping[str, Any]) -> str:
    """A query with the schema's columns, of a table that there is not."""
    columns = ",\n".join(f"    {entry['name']} AS {entry['name']}" for entry in schema["fields"])
    day = "\nWHERE happened_at >= {{ start }} AND happened_at < {{ end }}" if kind == "interactions" else ""
    return f"-- Put in your table, and on the left of each AS your column.\nSELECT\n{columns}\nFROM {kind}{day}\n"


def _solutions(existing: Inventory, notes: list[str]) -> Iterator[dict[str, Any]]:
    """Those that a campaign serves: for another one, a run would make a campaign, which costs."""
    served = 0
    for name, solution in existing.solutions.items():
        campaigns = [entry for entry in existing.campaigns[name] if entry["status"] == "ACTIVE"]
        if not campaigns:
            notes.append(f"solution {name} has no campaign and stays as it is: Encore would make it one")
            continue
        newest = max(campaigns, key=lambda entry: entry["lastUpdatedDateTime"])
        for other in campaigns:
            if other is not newest:
                notes.append(
                    f"campaign {other['name']} is a second one of solution {name}: it stays as it is"
                )
        served += 1
        yield _solution(solution, newest)
    if not served and not existing.recommenders:
        raise AdoptionError(
            f"No solution of {existing.group['name']} has an ACTIVE campaign, and there is no recommender: write the"
            " pipeline file by hand, nothing is live that could be taken over"
        )


def _solution(solution: Description, campaign: Description) -> dict[str, Any]:
    config = {
        key: value
        for key, value in solution.get("solutionConfig", {}).items()
        if key not in _NOT_TAKEN_OVER and value not in ({}, None)
    }
    section: dict[str, Any] = {
        "name": solution["name"],
        "recipe": str(solution["recipeArn"]).rsplit("/", 1)[-1],
    }
    if hyperparameters := config.pop("algorithmHyperParameters", None):
        section["hyperparameters"] = dict(hyperparameters)
    if threshold := config.pop("eventValueThreshold", None):
        # A number in the file; another spelling of it than the file's stays as the API has it.
        if str(float(threshold)) == threshold:
            section["event_value_threshold"] = float(threshold)
        else:
            config["eventValueThreshold"] = threshold
    if solution.get("eventType"):
        section["event_type"] = solution["eventType"]
    if solution.get("performHPO"):
        section["perform_hpo"] = True
    if config:
        section["solution_config"] = config
    section["campaign"] = _campaign(campaign)
    return section


def _campaign(campaign: Description) -> dict[str, Any]:
    state = campaign_state(campaign)
    section: dict[str, Any] = {
        "name": campaign["name"],
        "min_provisioned_tps": state.get("minProvisionedTPS", 1),
    }
    # A gated pipeline does not let a campaign follow versions by itself.
    config = {
        key: value
        for key, value in state.get("campaignConfig", {}).items()
        if key != "syncWithLatestSolutionVersion" and value not in ({}, None)
    }
    return {**section, "config": config} if config else section


def _left(existing: Inventory) -> Iterator[str]:
    for kind in existing.datasets:
        if kind not in DATASET_TYPES:
            yield f"dataset {kind} stays as it is: the pipeline file has no section for it"


def _recommender(recommender: Description) -> dict[str, Any]:
    config = dict(recommender_config(recommender))
    section: dict[str, Any] = {
        "name": recommender["name"],
        "recipe": str(recommender["recipeArn"]).rsplit("/", 1)[-1],
        "min_requests_per_second": config.pop("minRecommendationRequestsPerSecond"),
    }
    if recommender["status"] == "INACTIVE":
        section["state"] = "stopped"
    config = {key: value for key, value in config.items() if value not in ({}, None)}
    return {**section, "config": config} if config else section


def _attribution(existing: Inventory, adoption: Adoption) -> dict[str, Any] | None:
    """The section of the metric attribution; none of one whose reports go elsewhere than Encore's would."""
    group = adoption.group
    for name, attribution in existing.metric_attributions.items():
        location = reports_location(attribution)
        if location not in (None, f"s3://{group['bucket']}/{group['prefix']}/{FOLDER}/"):
            adoption.notes.append(
                f"metric attribution {name} stays as it is: its reports go to {location}, Encore's would go elsewhere"
            )
            continue
        metrics = [
            {
                "name": metric["metricName"],
                "event_type": metric["eventType"],
                "expression": metric["expression"],
            }
            for metric in attribution["metrics"]
        ]
        return {"name": name, "reports": location is not None, "metrics": metrics}
    return None
