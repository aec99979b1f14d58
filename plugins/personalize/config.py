"""`include/pipeline.yaml` as typed objects: what to keep fresh, validated before any DAG is built from it.

A mistake is reported with the file, the line and the key, all mistakes at once:

    include/pipeline.yaml:14: dataset_groups.0.solutions.1.recipe: Field required
"""

from __future__ import annotations

import os
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from personalize.export.contract import Contract

INCLUDE = Path(__file__).resolve().parents[2] / "include"
PIPELINE_FILE = INCLUDE / "pipeline.yaml"
RECIPE_ARN = "arn:aws:personalize:::recipe/{}"

Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$", max_length=63)]
DatasetType = Literal["interactions", "users", "items"]
DATASET_TYPES: tuple[DatasetType, ...] = ("interactions", "users", "items")


class PipelineError(ValueError):
    """The pipeline file can't be used. The message lists every mistake with its line."""


class Settings(BaseModel):
    """Base of every section: unknown keys are mistakes, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Dataset(Settings):
    """Where one dataset comes from and what its rows must look like. Paths are relative to `include/`."""

    avro_schema: str = Field(alias="schema", description="Avro schema file")
    sql: str = Field(description="Query template, one row a record, columns named as in the schema")
    contract: Contract = Field(default_factory=Contract)
    rejected_limit: float = Field(
        0.01, ge=0, le=1, description="Share of rejected rows that fails the export"
    )
    splits: int = Field(1, ge=1, le=100, description="Tasks that share one partition, by key range")


class Campaign(Settings):
    """The endpoint that a solution's promoted version serves."""

    name: Name | None = Field(None, description="Defaults to the solution's name")
    min_provisioned_tps: int = Field(1, ge=1)
    config: dict[str, Any] = Field(default_factory=dict, description="campaignConfig, as the API takes it")


class Solution(Settings):
    """One recipe to train, and the campaign that its versions go live in."""

    name: Name
    recipe: Name = Field(description="Recipe name, e.g. aws-sims")
    hyperparameters: dict[str, str | int | float] = Field(default_factory=dict)
    event_type: str | None = Field(None, description="Train on events of this type only")
    event_value_threshold: float | None = None
    perform_hpo: bool = False
    solution_config: dict[str, Any] = Field(
        default_factory=dict, description="Further solutionConfig entries, as the API takes them"
    )
    campaign: Campaign = Field(default_factory=Campaign)

    @property
    def recipe_arn(self) -> str:
        return RECIPE_ARN.format(self.recipe)

    def as_arguments(self) -> dict[str, Any]:
        """What the tasks of one solution need to know, as JSON."""
        return {
            "name": self.name,
            "recipe_arn": self.recipe_arn,
            "solution_config": self.request(),
            "event_type": self.event_type,
            "campaign_name": self.campaign.name or self.name,
            "min_provisioned_tps": self.campaign.min_provisioned_tps,
            "campaign_config": self.campaign.config,
        }

    def request(self) -> dict[str, Any]:
        """The solutionConfig of CreateSolution."""
        config = dict(self.solution_config)
        if self.hyperparameters:
            values = {name: str(value) for name, value in self.hyperparameters.items()}
            config["algorithmHyperParameters"] = {**config.get("algorithmHyperParameters", {}), **values}
        if self.event_value_threshold is not None:
            config["eventValueThreshold"] = str(self.event_value_threshold)
        return config


class DatasetGroup(Settings):
    """A dataset group with everything that is kept fresh in it. Each gets its own set of DAGs."""

    name: Name
    dag_suffix: str | None = Field(
        None, description="Ends the ids of the group's DAGs; defaults to _<name>, may be empty for one group"
    )
    product_db: str = Field("product_db", description="Airflow connection of the product database")
    aws_conn_id: str = "aws_default"
    role: str = Field(description="Name or ARN of the role that Personalize takes to reach the bucket")
    bucket: str
    prefix: str = Field("encore", pattern=r"^[^/].*[^/]$|^[^/]$")
    history_start: date | None = Field(
        None,
        description="First day that export_interactions fills in by itself; empty: from now on, day by day",
    )
    schedule: str = Field("0 3 * * *", description="Cron expression of the nightly retraining, UTC")
    datasets: dict[DatasetType, Dataset]
    solutions: list[Solution] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> DatasetGroup:
        if "interactions" not in self.datasets:
            raise ValueError("datasets needs an entry `interactions`: every recipe trains on it")
        _refuse_repeated("solution", [solution.name for solution in self.solutions])
        return self

    def dag_id(self, base: str) -> str:
        """The id of the group's own DAG of a kind, e.g. `retrain_recommenders`."""
        return base + (f"_{self.name}" if self.dag_suffix is None else self.dag_suffix)

    def dataset_uri(self, dataset: DatasetType) -> str:
        """Where the exported partitions of a dataset are."""
        return f"s3://{self.bucket}/{self.prefix}/{dataset}/"


class Pipeline(Settings):
    """The whole file."""

    dataset_groups: list[DatasetGroup] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Pipeline:
        _refuse_repeated("dataset group", [group.name for group in self.dataset_groups])
        _refuse_repeated("DAG id", [group.dag_id("retrain_recommenders") for group in self.dataset_groups])
        return self


def load_pipeline(path: str | Path | None = None) -> Pipeline:
    """Read and validate the pipeline file (default: `ENCORE_PIPELINE`, else `include/pipeline.yaml`).

    :raises PipelineError: with every mistake, each with its line.
    """
    file = Path(path or os.environ.get("ENCORE_PIPELINE") or PIPELINE_FILE)
    return _load(file, file.stat().st_mtime_ns if file.exists() else 0)


@lru_cache(maxsize=8)
def _load(file: Path, _modified: int) -> Pipeline:
    try:
        text = file.read_text()
    except OSError as error:
        raise PipelineError(f"{file}: {error.strerror}. Set ENCORE_PIPELINE or create the file.") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return Pipeline.model_validate(yaml.safe_load(text))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PipelineError(f"{file}:{line}: not YAML: {error.problem}") from error
    except ValidationError as error:
        mistakes = [
            f"{file}:{_line(node, mistake['loc'])}: {'.'.join(map(str, mistake['loc']))}: {mistake['msg']}"
            for mistake in error.errors()
        ]
        raise PipelineError("\n".join(mistakes)) from error


def _line(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """The line of the key that `location` names, or of the deepest parent that the file has."""
    line = 1
    for step in location:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = (node.value[step], node.value[step])
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def _refuse_repeated(what: str, names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{what} named more than once: {', '.join(repeated)}")
