"""The reference of all recipes' hyperparameters, in Markdown, made from where they are declared.

``python -m localpersonalize.recipes.reference > docs/hyperparameters.md``
"""

from __future__ import annotations

from localpersonalize.recipes.base.hyperparameters import HyperparameterSpec
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.registry import all_recipes

INTRODUCTION = """# Hyperparameters

Every recipe of localpersonalize with its hyperparameters: what each does here, the values that it may have, its
default, and the page of the service's developer guide that documents range and default. A value out of its range is
refused when the solution is created.

Algorithm hyperparameters are given in `algorithmHyperParameters` of a solution, those of the feature transformation in
`featureTransformationParameters`, those of a campaign in its `itemExplorationConfig`. A search (`performHPO`) varies
those that are tunable.

This page is made from the declarations in `localpersonalize/recipes`:
`python -m localpersonalize.recipes.reference > docs/hyperparameters.md`.
"""
GROUPS = {
    "algorithm": "algorithm",
    "feature_transformation": "feature transformation",
    "campaign": "campaign",
}


def markdown() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(_section(recipe) for recipe in all_recipes())])


def _section(recipe: Recipe) -> str:
    lines = [f"## {recipe.name}", "", recipe.description, ""]
    specs = list(recipe.hyperparameters.specs())
    if not specs:
        return "\n".join([*lines, "It has no hyperparameters.", ""])
    lines += ["| Name | What it does | Values | Default | Tunable | Given to | Source |", "| --- " * 7 + "|"]
    return "\n".join([*lines, *(_row(spec) for spec in specs), ""])


def _row(spec: HyperparameterSpec) -> str:
    page = spec.source.rsplit("/", 1)[-1].removesuffix(".html")
    source = f"[{page}]({spec.source})" if spec.source.startswith("https://") else spec.source
    cells = (
        f"`{spec.name}`",
        spec.description,
        spec.range,
        f"`{spec.default}`",
        "yes" if spec.tunable else "no",
        GROUPS[spec.group],
        source,
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(markdown(), end="")
