from pathlib import Path

import pytest

from localpersonalize.recipes import reference
from localpersonalize.recipes.registry import all_recipes

PAGE = Path(__file__).parents[3] / "docs" / "hyperparameters.md"


def test_the_page_is_what_the_recipes_declare():
    assert PAGE.read_text() == reference.markdown(), (
        "Make it anew: python -m localpersonalize.recipes.reference > docs/hyperparameters.md"
    )


@pytest.mark.parametrize("recipe", all_recipes(), ids=lambda recipe: recipe.name)
def test_every_hyperparameter_says_what_it_does_and_where_that_is_documented(recipe):
    for spec in recipe.hyperparameters.specs():
        assert len(spec.description) > 20, spec.name
        assert spec.source, spec.name
        assert spec.default, spec.name
        bounded = spec.low is not None and spec.high is not None
        assert spec.values or bounded or spec.range.startswith("a positive"), spec.name


@pytest.mark.parametrize("recipe", all_recipes(), ids=lambda recipe: recipe.name)
def test_every_default_is_in_its_range(recipe):
    defaults = {spec.name: spec.default for spec in recipe.hyperparameters.specs()}
    assert recipe.hyperparameters.parse(defaults, recipe.name) == recipe.hyperparameters()
