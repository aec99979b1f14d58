"""What must hold between the batch jobs of a dataset group and its other sections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from encore.config import recipes
from encore.config.batch import EVERYBODY, Batch, BatchJob
from encore.config.models import DatasetGroup
from encore.config.problems import Location, Problem, cron_problem, recipe_problems


def problems(at: Location, batch: Batch, group: DatasetGroup, include: Path) -> Iterator[Problem]:
    """What makes the section unusable."""
    if batch.schedule and (problem := cron_problem(batch.schedule)):
        yield Problem((*at, "schedule"), problem)
    for position, job in enumerate(batch.jobs):
        here: Location = (*at, "jobs", position)
        for key, value in (("name", job.name), ("output", job.folder), ("table", job.table)):
            earlier = (_of(key, other) for other in batch.jobs[:position])
            if value and value in earlier:
                yield Problem((*here, key), f"another job has the {key} {value} already")
        if job.filter and job.filter not in [filter_.name for filter_ in group.filters]:
            yield Problem((*here, "filter"), f"there is no filter {job.filter} in `filters`")
        recipe = group.recipe_of(job)
        if recipe is None:
            known = ", ".join(solution.name for solution in group.solutions) or "none"
            yield Problem((*here, "solution"), f"there is no solution {job.solution}, only {known}")
            continue
        if job.recipe:
            yield from recipe_problems((*here, "recipe"), job.recipe, group)
        if recipe in recipes.RECIPES:
            yield from _of_recipe(here, job, recipe, group, include)


def _of(key: str, job: BatchJob) -> str | None:
    return job.folder if key == "output" else getattr(job, key)


def _of_recipe(
    at: Location, job: BatchJob, recipe: str, group: DatasetGroup, include: Path
) -> Iterator[Problem]:
    key = "recipe" if job.recipe else "solution"
    if recipe not in recipes.BATCH_COLUMNS:
        yield Problem((*at, key), f"the recipe {recipe} takes no batch jobs: ask its campaign")
        return
    kind = "segments" if recipe in recipes.WITHOUT_CAMPAIGN else "recommendations"
    if job.kind != kind:
        yield Problem((*at, "kind"), f"the recipe {recipe} makes {kind}, not {job.kind}")
    columns = recipes.BATCH_COLUMNS[recipe]
    source = job.input_for(recipe)
    if source is None:
        yield Problem(at, f"{recipe} needs `input`: a query file with the columns {', '.join(columns)}")
    elif source in EVERYBODY:
        if (f"{source[:-1]}_id",) != columns:
            yield Problem(
                (*at, "input"), f"{recipe} is asked with {', '.join(columns)}, not with all {source}"
            )
        elif source not in group.datasets:
            yield Problem((*at, "input"), f"the group has no dataset {source}; name a query file instead")
    elif not (include / source).is_file():
        yield Problem((*at, "input"), f"there is no file {include / source}; or say users or items")
    elif not source.endswith(".sql"):
        yield Problem((*at, "input"), f"{source} must end in .sql: Airflow reads a file by its ending")
