"""How the pipeline file is loaded, and how its problems are reported."""

from __future__ import annotations

from encore.config import load_pipeline
from encore.config.loader import compose, located
from encore.config.validation import warnings
from tests.support.pipeline_files import MINIMAL, problems  # noqa: F401


def test_a_minimal_file_has_defaults_for_the_rest(tmp_path):
    file = tmp_path / "pipeline.yaml"
    file.write_text(MINIMAL)
    group = load_pipeline(file).dataset_groups[0]
    assert group.solutions[1].gate.worse_than_live == "hold"
    assert group.solutions[1].gate.worse_than_popularity == "hold"
    assert group.comparison is None
    assert group.baseline(group.solutions[1]) is None, (
        "related items are not what the popular ones compete with"
    )
    assert group.baseline(group.solutions[0]) is None
    file.write_text(MINIMAL.replace("aws-sims", "aws-user-personalization-v2"))
    group = load_pipeline(file).dataset_groups[0]
    assert group.baseline(group.solutions[1]) is group.solutions[0]


def test_all_problems_are_reported_at_once(problems):  # noqa: F811
    assert len(problems("    role: Role\n", "    rolle: Role\n    buckett: x\n")) == 3


def test_a_legacy_recipe_is_warned_of_with_its_successor(tmp_path):
    file = tmp_path / "pipeline.yaml"
    file.write_text(MINIMAL.replace("aws-sims", "aws-hrnn"))
    (line,) = located(file, compose(file), warnings(load_pipeline(file)))
    assert line.startswith(f"{file}:11:")
    assert "aws-user-personalization-v2" in line
