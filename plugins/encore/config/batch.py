"""The section of the pipeline file that says which batch jobs there are, and what must hold for each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from encore.config.base import Name, Settings
from encore.config.recipes import BATCH_COLUMNS

Folder = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*$", max_length=200)]
# What PostgreSQL takes without quotes, so that a name means the same quoted and unquoted.
Table = Annotated[
    str, StringConstraints(pattern=r"^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$", max_length=127)
]
EVERYBODY = ("users", "items")


class BatchJob(Settings):
    """One batch job: who or what is asked about, of which solution, and where the answers go."""

    name: Name
    kind: Literal["recommendations", "segments"] = "recommendations"
    solution: Name | None = Field(
        None,
        description="Solution of the group: its campaign's version, or the newest one without a campaign",
    )
    recipe: Name | None = Field(
        None, description="Instead of `solution`: a solution of the job's own name, trained before the job"
    )
    input: str | None = Field(
        None,
        description="`users` or `items`: all of that dataset's query; or a query file with the columns that the"
        " recipe asks for. Default: users or items, as the recipe asks",
    )
    num_results: int = Field(25, ge=1, le=5_000_000, description="Results for each line")
    filter: Name | None = Field(None, description="A filter of the group, by name")
    output: Folder | None = Field(None, description="Folder below <prefix>/batch/; default: the job's name")
    table: Table | None = Field(
        None, description="Table of the product database whose rows the answers replace, e.g. public.for_you"
    )
    error_limit: float = Field(
        0.01, ge=0, le=1, description="Share of lines without an answer that fails the job"
    )

    @model_validator(mode="after")
    def _consistent(self) -> BatchJob:
        if (self.solution is None) == (self.recipe is None):
            raise ValueError(
                "say either `solution`, one of the group's, or `recipe`, for a solution of its own"
            )
        most = 500 if self.kind == "recommendations" else 5_000_000
        if self.num_results > most:
            raise ValueError(f"num_results is {self.num_results}; for {self.kind} the service gives {most}")
        return self

    @property
    def solution_name(self) -> str:
        return self.solution or self.name

    def input_for(self, recipe: str) -> str | None:
        """`users`, `items`, or a query file; None where the file must say and doesn't."""
        everybody: dict[tuple[str, ...], str] = {("user_id",): "users", ("item_id",): "items"}
        return self.input or everybody.get(BATCH_COLUMNS[recipe])

    @property
    def folder(self) -> str:
        """Where the job reads and writes, below the group's prefix. The clean-up knows this place."""
        return f"batch/{self.output or self.name}"


class Batch(Settings):
    """Batch jobs of a dataset group. They are one DAG, `batch_recommendations`."""

    schedule: str | None = Field(None, description="Cron expression, UTC; empty: only when triggered")
    jobs: list[BatchJob] = Field(min_length=1)

    def job(self, name: str) -> BatchJob:
        return next(job for job in self.jobs if job.name == name)
