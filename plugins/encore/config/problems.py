"""A mistake in the pipeline file, and the one that every section with a recipe can have."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from encore.config import recipes
from encore.config.models import DatasetGroup

Location = tuple[int | str, ...]


@dataclass(frozen=True)
class Mistake:
    """Something wrong at a place in the file: keys and indexes from its root."""

    location: Location
    message: str


def recipe_mistakes(at: Location, recipe: str, group: DatasetGroup) -> Iterator[Mistake]:
    """A recipe that there is not, or that the group's datasets can't train."""
    if recipe not in recipes.RECIPES:
        near = difflib.get_close_matches(recipe, recipes.RECIPES, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(recipes.RECIPES)}"
        yield Mistake(at, f"{recipe} is no recipe of the service; {hint}")
    needed = recipes.NEEDS.get(recipe, ())
    if needed and not any(kind in group.datasets for kind in needed):
        yield Mistake(at, f"{recipe} needs the dataset {' or '.join(needed)}; add it to `datasets`")
