"""What the pipeline file may say, and how its mistakes are reported."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from encore.config import INCLUDE, PIPELINE_FILE, PipelineError, load_pipeline
from encore.config.json_schema import SCHEMA_FILE, json_schema
from encore.config.loader import compose, explained
from encore.config.validation import warnings

MINIMAL = """\
dataset_groups:
  - name: shop
    role: Role
    bucket: shop
    datasets:
      interactions: {schema: schemas/interactions.json, sql: sql/interactions.sql}
    solutions:
      - name: popular
        recipe: aws-popularity-count
      - name: related
        recipe: aws-sims
"""


@pytest.fixture
def mistakes(tmp_path):
    """The lines of the error that a changed minimal file leads to, without the file's name."""

    def changed(old: str, new: str) -> list[str]:
        assert old in MINIMAL
        file = tmp_path / "pipeline.yaml"
        file.write_text(MINIMAL.replace(old, new))
        with pytest.raises(PipelineError) as caught:
            load_pipeline(file)
        return [line.removeprefix(f"{file}:") for line in str(caught.value).splitlines()]

    return changed


def test_a_minimal_file_has_defaults_for_the_rest(tmp_path):
    file = tmp_path / "pipeline.yaml"
    file.write_text(MINIMAL)
    group = load_pipeline(file).dataset_groups[0]
    assert group.solutions[1].gate.worse_than_live == "hold"
    assert group.baseline(group.solutions[1]) is group.solutions[0]
    assert group.baseline(group.solutions[0]) is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    bucket: shop\n", "    bucket: shop\n    buckets: 2\n", "5: dataset_groups.0.buckets: Extra inputs"),
        ("aws-sims", "aws-sim", "11: dataset_groups.0.solutions.1.recipe: aws-sim is no recipe of the service; did"),
        ("aws-sims", "aws-hrnn-coldstart", "11: dataset_groups.0.solutions.1.recipe: aws-hrnn-coldstart needs the"),
        ("aws-sims", "aws-hrnn-metadata", "11: dataset_groups.0.solutions.1.recipe: aws-hrnn-metadata needs the dat"),
        ("aws-sims", "aws-item-affinity", "11: dataset_groups.0.solutions.1.recipe: aws-item-affinity segments"),
        ("    role: Role\n", "    role: Role\n    schedule: 0 3 * *\n", "4: dataset_groups.0.schedule: '0 3"),
        ("sql/interactions.sql", "sql/nothing.sql", "6: dataset_groups.0.datasets.interactions.sql: there is no file"),
        ("sql/interactions.sql}", "sql/interactions.sql, splits: 2, bounds_sql: sql/nothing.sql}",
         "6: dataset_groups.0.datasets.interactions.bounds_sql: there is no file"),
        ("sql/interactions.sql}", "sql/interactions.sql, bounds_sql: sql/interactions.sql}",
         "6: dataset_groups.0.datasets.interactions.bounds_sql: is for `splits` of 2 or more"),
        ("    solutions:", "      users: {schema: schemas/users.json, sql: sql/users.sql, splits: 2}\n    solutions:",
         "7: dataset_groups.0.datasets.users.splits: users are exported whole"),
        ("name: related", "name: popular", "2: dataset_groups.0: Value error, solution named more than once: popular"),
        ("aws-sims\n", "aws-sims\n        campaign: {name: popular}\n", "10: dataset_groups.0.solutions.1: its c"),
        ("aws-sims\n", "aws-sims\n        gate: {baseline: related}\n", "12: dataset_groups.0.solutions.1.gate.bas"),
        ("aws-sims\n", "aws-sims\n        gate: {worse_than_live: wait}\n", "12: dataset_groups.0.solutions.1.gate.wo"),
        ("aws-sims\n", "aws-sims\n        gate: {metrics: {ndcg: {}}}\n", "12: dataset_groups.0.solutions.1.gate.metr"),
        ("    role: Role\n", "    role: Role\n    notify: [{type: sms}]\n", "4: dataset_groups.0.notify.0: Input tag"),
        ("    role: Role\n", "    role: Role\n    data_gate: {max_drop: 2}\n", "4: dataset_groups.0.data_gate.max_d"),
        ("    role: Role\n", "    role: Role\n    filters: [{name: f, expression: ONLY x}]\n", "4: dataset_groups.0.f"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_line_and_key(mistakes, old, new, expected):
    assert any(line.startswith(expected) for line in mistakes(old, new)), mistakes(old, new)


def test_all_mistakes_are_reported_at_once(mistakes):
    assert len(mistakes("    role: Role\n", "    rolle: Role\n    buckett: x\n")) == 3


def test_quotas_that_would_be_passed_are_refused_unless_they_were_raised(tmp_path, mistakes):
    more = "".join(f"      - {{name: s{number}, recipe: aws-sims}}\n" for number in range(4))
    (line,) = mistakes("aws-sims\n", f"aws-sims\n{more}")
    assert "6 campaigns, but the service's quota is 5" in line
    file = tmp_path / "raised.yaml"
    file.write_text(MINIMAL + more + "quotas: {campaigns: 6}\n")
    assert len(load_pipeline(file).dataset_groups[0].solutions) == 6


def test_a_legacy_recipe_is_warned_of_with_its_successor(tmp_path):
    file = tmp_path / "pipeline.yaml"
    file.write_text(MINIMAL.replace("aws-sims", "aws-hrnn"))
    (line,) = explained(file, compose(file), warnings(load_pipeline(file)))
    assert line.startswith(f"{file}:11:")
    assert "aws-user-personalization-v2" in line


def test_the_schema_for_editors_is_up_to_date_and_named_by_the_file():
    assert (INCLUDE / SCHEMA_FILE).read_text() == json_schema(), "run: python -m encore.config schema"
    assert f"$schema={SCHEMA_FILE}" in PIPELINE_FILE.read_text().splitlines()[0]


def test_the_schema_accepts_the_file_and_refuses_an_unknown_key():
    import json

    import jsonschema

    validator = jsonschema.Draft202012Validator(json.loads(json_schema()))
    content = yaml.safe_load(PIPELINE_FILE.read_text())
    assert not list(validator.iter_errors(content))
    content["dataset_groups"][0]["solutions"][0]["gates"] = {}
    assert list(validator.iter_errors(content))


def test_check_explains_the_file_and_fails_on_a_mistake(tmp_path):
    def check(text: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "pipeline.yaml"
        file.write_text(text)
        command = [sys.executable, "-W", "ignore", "-m", "encore.config", "check", str(file)]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=INCLUDE.parent / "plugins", check=False
        )

    good, bad = check(MINIMAL), check(MINIMAL.replace("aws-sims", "aws-sim"))
    assert good.returncode == 0
    assert "worse than popular" in good.stdout
    assert bad.returncode == 1
    assert ":11: dataset_groups.0.solutions.1.recipe" in bad.stdout
