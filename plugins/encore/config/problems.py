"""A problem of the pipeline file, and those that every section with a recipe can have."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from croniter import CroniterError, croniter

from encore.config import recipes
from encore.config.models import DatasetGroup
from encore.config.recommenders import USE_CASES

Location = tuple[int | str, ...]
_CRON_FIELDS = 5  # a sixth would be seconds, which no schedule of Airflow has


@dataclass(frozen=True)
class Problem:
    """Something wrong at a place in the file: keys and indexes from its root."""

    location: Location
    message: str


def cron_problem(schedule: str) -> str | None:
    """Why a schedule never fires, or not as it was meant; None for a good one."""
    if not schedule.startswith("@") and len(schedule.split()) != _CRON_FIELDS:
        return f"{schedule!r} is not a cron expression of {_CRON_FIELDS} fields: minute, hour, day, month, weekday"
    try:
        croniter(schedule).get_next()
    except CroniterError:
        return f"{schedule!r} is not a cron expression, or one that never comes, e.g. 0 3 * * *"
    return None


def file_problems(at: Location, name: str, ending: str, include: Path) -> Iterator[Problem]:
    """A file that there is not, or that Airflow takes for text instead of for a file's name."""
    if not (include / name).is_file():
        yield Problem(at, f"there is no file {include / name}")
    elif not name.endswith(ending):
        yield Problem(at, f"{name} must end in {ending}: Airflow reads a file by its ending")


def recommender_problems(at: Location, group: DatasetGroup) -> Iterator[Problem]:
    """Use cases that the group's domain hasn't, and names that are there twice."""
    known = USE_CASES.get(group.domain or "", ())
    names: set[str] = set()
    for position, recommender in enumerate(group.recommenders):
        here = (*at, position)
        if group.domain is None:
            yield Problem(here, "is for a domain dataset group: give `domain`, or make it one of `solutions`")
        elif recommender.recipe not in known:
            message = f"{recommender.recipe} is no use case of {group.domain}; there are {', '.join(known)}"
            yield Problem((*here, "recipe"), message)
        if recommender.name in names:
            yield Problem((*here, "name"), f"there is another recommender {recommender.name}")
        names.add(recommender.name)


def recipe_problems(at: Location, recipe: str, group: DatasetGroup) -> Iterator[Problem]:
    """A recipe that there is not, or that the group's datasets can't train."""
    if recipe not in recipes.RECIPES:
        near = difflib.get_close_matches(recipe, recipes.RECIPES, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(recipes.RECIPES)}"
        yield Problem(at, f"{recipe} is no recipe of the service; {hint}")
    for kind in recipes.OF_ACTIONS if recipe in recipes.NEEDS_ACTIONS else ():
        if kind not in group.datasets:
            yield Problem(at, f"{recipe} needs the dataset {kind}; add it to `datasets`")
    needed = recipes.NEEDS.get(recipe, ())
    if needed and not any(kind in group.datasets for kind in needed):
        yield Problem(at, f"{recipe} needs the dataset {' or '.join(needed)}; add it to `datasets`")
