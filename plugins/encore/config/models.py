"""The sections of the pipeline file that say what is kept fresh: groups, datasets, solutions, campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from airflow_personalize.export.validation.contract import Action, Contract, Rule
from encore.config.base import BucketName, ConnectionId, KeyPrefix, Name, Role, Settings
from encore.config.batch import Batch, BatchJob
from encore.config.comparison import Comparison
from encore.config.events import FOLDER, EventTracker, MetricAttribution
from encore.config.experiment import Experiment
from encore.config.policies import AnswerCheck, Channel, DataGate, Filter, Gate, Quotas, Retention
from encore.config.recipes import BATCH_COLUMNS
from encore.config.recommenders import Recommender
from encore.config.sql_checks import ColumnCheck, TableCheck

RECIPE_ARN = "arn:aws:personalize:::recipe/{}"
POPULARITY = "aws-popularity-count"

DatasetType = Literal["interactions", "users", "items", "actions", "action_interactions"]
DATASET_TYPES: tuple[DatasetType, ...] = get_args(DatasetType)
# The DAGs of a dataset group, each in a file of its name in `dags/`. Three of them
# are only there if there are solutions, batch jobs, or an experiment.
DagName = Literal[
    "export_interactions",
    "retrain_recommenders",
    "batch_recommendations",
    "rollback_campaign",
    "clean_up",
    "judge_experiment",
]
DAG_NAMES: tuple[DagName, ...] = get_args(DagName)


def recommends_to_users(recipe: str) -> bool:
    """Whether a recipe is asked with users alone, as popularity could be in its place."""
    return BATCH_COLUMNS.get(recipe) == ("user_id",)


class Dataset(Settings):
    """Where one dataset comes from and what its rows must look like. Paths are relative to `include/`."""

    avro_schema: str = Field(alias="schema", description="Avro schema file")
    sql: str = Field(description="Query template, one row a record, columns named as in the schema")
    contract: Contract = Field(default_factory=Contract)
    rejected_limit: float = Field(
        0.01, ge=0, le=1, description="Share of rejected rows that fails the export"
    )
    row_id: str | None = Field(
        None,
        description="Column of the query that tells rows apart, e.g. the table's key. It is not exported: the snapshot "
        "finds rows by it that are there more than once (the contract's duplicate_row: stop refuses them)",
    )
    splits: int = Field(
        1,
        ge=1,
        le=100,
        description="Tasks that share one day of interactions; cut in time, or see bounds_sql",
    )
    bounds_sql: str | None = Field(
        None,
        description="Query template for a day's first and last key, whole numbers: splits are cut by it, and "
        "the query has {{ low }} and {{ high }}",
    )
    titles_sql: str | None = Field(
        None,
        description="Query of all users or items with the columns user_id or item_id, as text, and title: what the page"
        " in Airflow calls them",
    )
    settle_minutes: float = Field(
        15,
        ge=0,
        le=1440,
        description="Minutes that a day of interactions is given after its end, for rows that are committed late",
    )
    reexport_days: int = Field(
        1,
        ge=0,
        le=30,
        description="Days that each daily run exports again before its own, for rows that come later still",
    )

    table_checks: list[TableCheck] = Field(
        default_factory=list, description="What must be true of tables before rows are exported"
    )
    column_checks: list[ColumnCheck] = Field(
        default_factory=list, description="Limits of columns before rows are exported"
    )

    @property
    def checks(self) -> list[dict[str, Any]]:
        """The checks of tables and columns, as JSON."""
        of_tables = [check.model_dump() for check in self.table_checks]
        return of_tables + [{**check.model_dump(), "limits": check.limits} for check in self.column_checks]

    @property
    def on_duplicates(self) -> Literal["warn", "stop"]:
        """What a snapshot does with rows of one `row_id`; no row can be taken out of it any more."""
        return "stop" if self.contract.action(Rule.DUPLICATE_ROW) is Action.STOP else "warn"


class Campaign(Settings):
    """The endpoint that a solution's promoted version serves."""

    name: Name | None = Field(None, description="Defaults to the solution's name")
    min_provisioned_tps: int = Field(1, ge=1)
    config: dict[str, Any] = Field(default_factory=dict, description="campaignConfig, as the API takes it")
    check: AnswerCheck = Field(default_factory=AnswerCheck)


class Solution(Settings):
    """One recipe to train, and the campaign that its versions go live in."""

    name: Name
    recipe: Name = Field(description="Recipe name, e.g. aws-sims")
    hyperparameters: dict[str, str | int | float] = Field(default_factory=dict)
    event_type: str | None = Field(
        None, min_length=1, max_length=256, description="Train on events of this type only"
    )
    event_value_threshold: float | None = None
    perform_hpo: bool = Field(
        False, description="Search for good hyperparameters, as `hpoConfig` in `solution_config` says"
    )
    solution_config: dict[str, Any] = Field(
        default_factory=dict, description="Further solutionConfig entries, as the API takes them"
    )
    campaign: Campaign = Field(default_factory=Campaign)
    gate: Gate = Field(default_factory=Gate)

    @property
    def campaign_name(self) -> str:
        return self.campaign.name or self.name

    @property
    def recipe_arn(self) -> str:
        return RECIPE_ARN.format(self.recipe)

    def as_arguments(self, approval_hours: float) -> dict[str, Any]:
        """What the tasks of one solution need to know, as JSON.

        :param approval_hours: the group's, for a gate that has none of its own
        """
        return {
            "name": self.name,
            "recipe_arn": self.recipe_arn,
            "solution_config": self.request(),
            "event_type": self.event_type,
            "perform_hpo": self.perform_hpo,
            "campaign_name": self.campaign_name,
            "min_provisioned_tps": self.campaign.min_provisioned_tps,
            "campaign_config": self.campaign.config,
            "approval_hours": self.gate.approval_hours or approval_hours,
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
        None,
        pattern=r"^[A-Za-z0-9_.-]*$",
        max_length=200,
        description="Ends the ids of the group's DAGs; defaults to _<name>, may be empty for one group",
    )
    domain: Literal["ECOMMERCE", "VIDEO_ON_DEMAND"] | None = Field(
        None, description="Of a domain dataset group; its schemas must be the domain's. Empty: a custom one"
    )
    product_db: ConnectionId = Field("product_db", description="Airflow connection of the product database")
    aws_conn_id: ConnectionId = "aws_default"
    role: Role = Field(description="Name or ARN of the role that Personalize takes to reach the bucket")
    bucket: BucketName
    prefix: KeyPrefix = "encore"
    history_start: date | None = Field(
        None,
        description="First day that export_interactions fills in by itself; empty: from now on, day by day",
    )
    schedule: str = Field("0 3 * * *", description="Cron expression of the retraining, UTC")
    datasets: dict[DatasetType, Dataset]
    solutions: list[Solution] = Field(
        default_factory=list,
        description="Trained by each run; a domain group with `recommenders` may have none",
    )
    recommenders: list[Recommender] = Field(
        default_factory=list, description="Use cases of the domain; the service keeps them fresh by itself"
    )
    filters: list[Filter] = Field(default_factory=list)
    event_tracker: EventTracker | None = Field(
        None, description="Takes the application's events; made by the retraining"
    )
    metric_attribution: MetricAttribution | None = Field(
        None, description="What recommended items have led to; made and kept by the retraining"
    )
    experiment: Experiment | None = Field(
        None, description="An A/B test of two solutions; without one there is no DAG for it"
    )
    batch: Batch | None = Field(None, description="Batch jobs; without them there is no DAG for them")
    approval_hours: float = Field(
        12,
        gt=0,
        description="Hours until an unanswered question about a version counts as rejected; a gate can have its own",
    )
    monthly_budget_usd: float | None = Field(
        None,
        gt=0,
        description="USD that a month's runs and campaigns may cost; a run that would go over it asks first",
    )
    data_gate: DataGate = Field(default_factory=DataGate)
    comparison: Comparison | None = Field(
        None,
        description="Compare new and live versions on the same users; without it the service's metrics decide",
    )
    retention: Retention = Field(default_factory=Retention)
    notify: list[Channel] = Field(default_factory=list, description="Who is notified of what")
    deadline_hours: float | None = Field(
        None, gt=0, description="Hours after its begin at which a run that is not over is reported as late"
    )

    @model_validator(mode="after")
    def _consistent(self) -> DatasetGroup:
        if "interactions" not in self.datasets:
            raise ValueError("datasets needs an entry `interactions`: every recipe trains on it")
        if not self.solutions and not self.recommenders:
            raise ValueError("solutions or recommenders: there must be one at least")
        names = [solution.name for solution in self.solutions]
        _reject_repeated("solution", names + [job.name for job in self.batch_jobs if job.recipe])
        return self

    @property
    def batch_jobs(self) -> list[BatchJob]:
        return self.batch.jobs if self.batch else []

    def solution(self, name: str) -> Solution:
        return next(solution for solution in self.solutions if solution.name == name)

    def recipe_of(self, job: BatchJob) -> str | None:
        """The recipe behind a batch job; None if it names a solution that there is not."""
        named = (solution.recipe for solution in self.solutions if solution.name == job.solution)
        return job.recipe or next(named, None)

    def batch_query(self, job: BatchJob) -> str:
        """The query file of a batch job's input."""
        source = str(job.input_for(str(self.recipe_of(job))))
        return next((dataset.sql for kind, dataset in self.datasets.items() if kind == source), source)

    def solution_arguments(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """What the tasks of these solutions need to know, for each of them."""
        return [self.solution(name).as_arguments(self.approval_hours) for name in names]

    def gates(self) -> dict[str, dict[str, Any]]:
        """The gate of each solution with the name of its popularity solution, as JSON."""
        gates = {}
        for solution in self.solutions:
            baseline = self.baseline(solution)
            gate = solution.gate.model_dump(exclude={"baseline"})
            gates[solution.name] = {
                **gate,
                "baseline": baseline.name if baseline else None,
                "judges_popularity": recommends_to_users(solution.recipe) and solution.recipe != POPULARITY,
            }
        return gates

    def checks(self) -> dict[str, dict[str, Any]]:
        """How each campaign is checked after it was moved, as JSON."""
        return {solution.campaign_name: solution.campaign.check.model_dump() for solution in self.solutions}

    def baseline(self, solution: Solution) -> Solution | None:
        """The popularity solution that a solution is compared with; None for that one itself."""
        if solution.gate.baseline:
            return next((other for other in self.solutions if other.name == solution.gate.baseline), None)
        if not recommends_to_users(solution.recipe):
            return None  # related items and rankings do another task than the popular items
        popular = next((other for other in self.solutions if other.recipe == POPULARITY), None)
        return None if popular is solution else popular

    def dag_id(self, name: DagName) -> str:
        """The id of the group's own DAG of that name."""
        return name + (f"_{self.name}" if self.dag_suffix is None else self.dag_suffix)

    @property
    def dag_ids(self) -> list[str]:
        """The ids of all DAGs of the group."""
        needs: dict[DagName, object] = {
            "rollback_campaign": self.solutions,
            "batch_recommendations": self.batch,
            "judge_experiment": self.experiment,
        }
        return [self.dag_id(name) for name in DAG_NAMES if name not in needs or needs[name]]

    def dataset_uri(self, dataset: DatasetType) -> str:
        """Where the exported partitions of a dataset are."""
        return f"s3://{self.bucket}/{self.prefix}/{dataset}/"

    @property
    def attribution_uri(self) -> str:
        """Where the reports of the metric attribution are written."""
        return f"s3://{self.bucket}/{self.prefix}/{FOLDER}/"

    def batch_uri(self, job: BatchJob) -> str:
        """Where a batch job's runs have their input and output."""
        return f"s3://{self.bucket}/{self.prefix}/{job.folder}/"


class Pipeline(Settings):
    """The whole file."""

    dataset_groups: list[DatasetGroup] = Field(min_length=1)
    quotas: Quotas = Field(default_factory=Quotas)

    @model_validator(mode="after")
    def _distinct(self) -> Pipeline:
        _reject_repeated("dataset group", [group.name for group in self.dataset_groups])
        _reject_repeated("DAG id", [group.dag_id("retrain_recommenders") for group in self.dataset_groups])
        return self


def _reject_repeated(what: str, names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{what} named more than once: {', '.join(repeated)}")
