"""A problem of the pipeline file, and those that every section with a recipe can have."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from encore.config import recipes
from encore.config.models import DATASET_TYPES, DatasetGroup

Location = tuple[int | str, ...]


@dataclass(frozen=True)
class Problem:
    """Something wrong at a place in the file: keys and indexes from its root."""

    location: Location
    message: str


def recipe_problems(at: Location, recipe: str, group: DatasetGroup) -> Iterator[Problem]:
    """A recipe that there is not, or that the group's datasets can't train."""
    if recipe not in recipes.RECIPES:
        near = difflib.get_close_matches(recipe, recipes.RECIPES, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(recipes.RECIPES)}"
        yield Problem(at, f"{recipe} is no recipe of the service; {hint}")
    if recipe in recipes.NEEDS_ACTIONS:
        yield Problem(
            at, f"{recipe} needs an Actions dataset; `datasets` can only be {', '.join(DATASET_TYPES)}"
        )
    needed = recipes.NEEDS.get(recipe, ())
    if needed and not any(kind in group.datasets for kind in needed):
        yield Problem(at, f"{recipe} needs the dataset {' or '.join(needed)}; add it to `datasets`")
