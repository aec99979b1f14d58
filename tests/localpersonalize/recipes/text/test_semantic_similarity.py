"""Items of planted subjects: those of one subject are alike, in every language, and so is one that comes later."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.recipes.base.data import TrainingData, TrainingError, no_interactions
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.registry import load_model, recipe
from localpersonalize.recipes.text import embedding
from localpersonalize.recipes.text.semantic_similarity import SemanticSimilarityModel
from localpersonalize.training.train import save, train_solution_version

RECIPE = recipe("aws-semantic-similarity")
SUBJECTS = {
    "space": ["rocket", "planet", "orbit", "astronaut", "galaxy", "comet", "telescope", "gravity"],
    "kitchen": ["recipe", "oven", "butter", "flour", "roast", "spice", "dinner", "saucepan"],
    "sea": ["sailor", "harbour", "wave", "anchor", "captain", "island", "pirate", "storm"],
    "Weltall": [
        "Rakete",
        "Planet",
        "Umlaufbahn",
        "Raumfahrer",
        "Galaxie",
        "Komet",
        "Fernrohr",
        "Schwerkraft",
    ],
    "Küche": ["Rezept", "Backofen", "Butter", "Mehl", "Braten", "Gewürz", "Abendessen", "Kochtopf"],
    "太空": ["火箭", "行星", "轨道", "宇航员", "银河", "彗星", "望远镜", "引力"],
    "厨房": ["菜谱", "烤箱", "黄油", "面粉", "烧烤", "香料", "晚餐", "平底锅"],
}
SCHEMA = {
    "fields": [
        {"name": "item_id", "type": "string"},
        {"name": "title", "type": "string", "itemName": True},
        {"name": "about", "type": ["null", "string"], "textual": True},
        {"name": "shelf", "type": "string", "categorical": True},
    ]
}
OF_A_SUBJECT = 12


def name_and_text(subject: str, chance: random.Random) -> tuple[str, str]:
    """A name and a description of a subject; no two items have the same words."""
    words = SUBJECTS[subject]
    blank = "" if ord(words[0][0]) > 0x3000 else " "
    return blank.join(chance.sample(words, 2)), blank.join(chance.sample(words, 4))


def catalogue(seed: int = 1) -> pa.Table:
    chance = random.Random(seed)
    rows = []
    for subject in SUBJECTS:
        for number in range(OF_A_SUBJECT):
            title, about = name_and_text(subject, chance)
            rows.append(
                {"ITEM_ID": f"{subject}-{number}", "TITLE": title, "ABOUT": about, "SHELF": str(number % 3)}
            )
    return pa.Table.from_pylist(rows)


def data(items: pa.Table | None = None, interactions: pa.Table | None = None) -> TrainingData:
    return TrainingData(
        no_interactions() if interactions is None else interactions,
        items=catalogue() if items is None else items,
        schemas={"items": SCHEMA},
    )


def trained(of: TrainingData | None = None) -> SemanticSimilarityModel:
    model = RECIPE.train(of or data(), None, TrainingOptions())
    assert isinstance(model, SemanticSimilarityModel)
    return model


def best(model: SemanticSimilarityModel, item: str, number: int = 5) -> list[str]:
    scores = model.score([Request(item_id=item)])[0]
    return [str(model.items.ids[index]) for index in np.argsort(-scores, kind="stable")[:number]]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_most_similar_are_of_the_same_subject(subject: str) -> None:
    model = trained()
    for number in range(OF_A_SUBJECT):
        similar = best(model, f"{subject}-{number}")
        assert f"{subject}-{number}" not in similar
        assert sum(item.startswith(subject) for item in similar) >= 4, similar


def test_an_item_that_is_put_later_is_similar_at_once() -> None:
    model = trained()
    title, about = name_and_text("sea", random.Random(99))
    model.add_items(pa.table({"ITEM_ID": ["new"], "TITLE": [title], "ABOUT": [about], "SHELF": ["0"]}))
    assert all(item.startswith("sea") for item in best(model, "new", 3))
    assert "new" in best(model, "sea-0", OF_A_SUBJECT)


def test_to_an_unknown_item_the_popular_ones_are_given() -> None:
    rows = [{"USER_ID": f"u{n}", "ITEM_ID": "sea-3", "TIMESTAMP": n} for n in range(5)]
    interactions = pa.Table.from_pylist([*rows, {"USER_ID": "u", "ITEM_ID": "sea-4", "TIMESTAMP": 1}])
    assert best(trained(data(interactions=interactions)), "nobody", 2) == ["sea-3", "sea-4"]


def test_a_saved_model_answers_the_same(tmp_path: Path) -> None:
    model = trained()
    save(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    request = [Request(item_id="space-1")]
    np.testing.assert_array_equal(loaded.score(request), model.score(request))
    new = pa.table({"ITEM_ID": ["new"], "TITLE": ["rocket"], "ABOUT": ["orbit"], "SHELF": ["0"]})
    loaded.add_items(new)
    assert all(item.startswith("space") for item in best(loaded, "new", 3))  # type: ignore[arg-type]


def test_a_training_needs_no_interactions_and_has_no_metrics_without(tmp_path: Path) -> None:
    result = train_solution_version(data(), {}, RECIPE.arn, tmp_path / "model")
    assert (result.metrics, result.baseline) == ({}, {})
    assert load_model(tmp_path / "model").items


def test_with_interactions_it_is_measured(tmp_path: Path) -> None:
    chance, rows = random.Random(5), []
    for user in range(80):
        subject = list(SUBJECTS)[user % len(SUBJECTS)]
        rows += [
            {
                "USER_ID": f"u{user}",
                "ITEM_ID": f"{subject}-{chance.randrange(OF_A_SUBJECT)}",
                "TIMESTAMP": step,
            }
            for step in range(20)
        ]
    measured = train_solution_version(
        data(interactions=pa.Table.from_pylist(rows)), {}, RECIPE.arn, tmp_path / "model"
    )
    assert (
        measured.metrics["normalized_discounted_cumulative_gain_at_25"]
        > 1.5 * (measured.baseline["normalized_discounted_cumulative_gain_at_25"])
    )


def test_a_large_catalogue_is_decomposed_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "DENSE_SIDE", 10)
    monkeypatch.setattr(embedding, "DIMENSIONS", 20)
    model = trained()
    assert model.vectors.shape == (OF_A_SUBJECT * len(SUBJECTS), 20)
    np.testing.assert_array_equal(trained().vectors, model.vectors)
    assert all(item.startswith("sea") for item in best(model, "sea-1", 3))


def test_items_without_a_common_word_are_refused_with_the_reason() -> None:
    lonely = pa.table(
        {"ITEM_ID": ["a", "b"], "TITLE": ["xx", "yy"], "ABOUT": ["vv", "ww"], "SHELF": ["1", "2"]}
    )
    with pytest.raises(TrainingError, match="no word that two items have in common"):
        trained(data(lonely))


def test_a_configuration_that_leaves_out_the_text_is_refused(tmp_path: Path) -> None:
    config = {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["ABOUT"]}}}
    with pytest.raises(TrainingError, match="itemName and textual"):
        train_solution_version(data(), config, RECIPE.arn, tmp_path / "model")


def test_inflected_german_words_are_those_of_their_subject() -> None:
    model = trained()
    texts = {
        "Weltall": ("Raketen der Raumfahrerin", "Umlaufbahnen großer Planeten und Kometen"),
        "Küche": ("Rezepte fürs Abendessen", "Bratens und Gewürze in Kochtöpfen"),
    }
    for subject, (title, about) in texts.items():
        row = {"ITEM_ID": f"neu {subject}", "TITLE": title, "ABOUT": about, "SHELF": None}
        model.add_items(pa.Table.from_pylist([row]))
        assert {item.split("-")[0] for item in best(model, f"neu {subject}")} == {subject}


def test_an_item_that_changes_is_similar_to_what_it_says_now(tmp_path: Path) -> None:
    model = trained()
    others = {"sea-1": model.vectors[model.items.index_of("sea-2")].copy()}
    table = catalogue().to_pylist()
    table = [row for row in table if row["ITEM_ID"] in {"sea-1", "sea-2"}]
    table[0] |= {"TITLE": "butter oven", "ABOUT": "roast spice dinner flour"}
    model.add_items(pa.Table.from_pylist(table))
    assert {item.split("-")[0] for item in best(model, "sea-1")} == {"kitchen"}
    assert np.array_equal(model.vectors[model.items.index_of("sea-2")], others["sea-1"])
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    assert isinstance(loaded, SemanticSimilarityModel)
    assert best(loaded, "sea-1") == best(model, "sea-1")


def test_what_did_not_change_is_not_encoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    model = trained()
    monkeypatch.setattr(type(model.embedding), "encode", lambda *_: pytest.fail("encoded again"))
    model.add_items(catalogue())
