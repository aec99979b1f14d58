import hashlib
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.recipes import reference
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.hyperparameters import HyperparameterSpec
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.registry import all_recipes
from tests.support.planted import DAY, START

WITHOUT_EFFECT = ("changes nothing", "only checked")
"""What the page says of a hyperparameter that a training does not look at."""
USERS, ITEMS, DAYS = 60, 80, 60
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


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks that keep what they start from, and a number that changes with anything that training would look at."""
    from localpersonalize.recipes.hrnn import network

    def train(
        tree: dict[str, Any], inputs: network.Inputs, lay_out: Any, plan: network.TrainingPlan, report: Any
    ) -> tuple[dict[str, Any], list[float]]:
        layout = lay_out(np.random.default_rng(plan.seed))
        seen = repr(plan).encode() + inputs.item.tobytes() + layout.row.tobytes() + layout.weight.tobytes()
        return tree | {"memory": tree["memory"] + zlib.crc32(seen) / 2**32}, [0.0]

    monkeypatch.setattr(network, "train", train)


@cache
def shop() -> TrainingData:
    """Few customers buy a lot and few products are bought by many, over two months; products come in all the time, some
    of them in the last days."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 40, USERS)
    user = np.repeat(np.arange(USERS), lengths)
    item = (ITEMS * rng.random(len(user)) ** 2).astype(int)
    time = START + rng.integers(DAY * DAYS * item // ITEMS, DAY * DAYS, len(user))
    interactions = {"USER_ID": [f"u{n}" for n in user], "ITEM_ID": [f"i{n}" for n in item], "TIMESTAMP": time}
    items = {"ITEM_ID": [f"i{n}" for n in range(ITEMS)], "MAKER": [f"maker {n}" for n in range(ITEMS)]}
    field = {"name": "MAKER", "type": "string", "categorical": True}
    return TrainingData(pa.table(interactions), items=pa.table(items), schemas={"items": {"fields": [field]}})


def trained(recipe: Recipe, folder: Path, **values: str) -> str:
    """What a model of the shop is on disk."""
    folder.mkdir()
    options = TrainingOptions(now=START + (DAYS + 3) * DAY)
    recipe.train(shop(), recipe.hyperparameters.parse(values, recipe.name), options).save(folder)
    parts = (part for file in sorted(folder.iterdir()) for part in (file.name.encode(), file.read_bytes()))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def others(spec: HyperparameterSpec) -> Iterator[str]:
    """Values that the hyperparameter may have beside its default."""
    if spec.values:
        yield from (value for value in spec.values if value != spec.default)
        return
    low = spec.low or 0.0
    high = spec.high if spec.high is not None else 4 * float(spec.default)
    for share in (0.05, 0.5, 1.0, 0.0):
        value = low + share * (high - low)
        text = str(round(value)) if spec.kind == "integer" else str(value)
        if float(text) != float(spec.default) and (spec.low is not None or value > 0):
            yield text


@pytest.mark.long
@pytest.mark.parametrize("recipe", all_recipes(), ids=lambda recipe: recipe.name)
@pytest.mark.usefixtures("untrained")
def test_each_hyperparameter_changes_the_model_unless_the_page_says_that_it_does_not(
    recipe: Recipe, tmp_path: Path
) -> None:
    specs = list(recipe.hyperparameters.specs())
    if not specs:
        return
    usual = trained(recipe, tmp_path / "usual")
    assert trained(recipe, tmp_path / "again") == usual
    for spec in specs:
        changes = any(
            trained(recipe, tmp_path / f"{spec.name} {value}", **{spec.name: value}) != usual
            for value in others(spec)
        )
        says_no = any(words in spec.description for words in WITHOUT_EFFECT)
        assert changes is not says_no, f"{spec.name} of {recipe.name}"
