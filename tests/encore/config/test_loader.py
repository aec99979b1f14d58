"""How the pipeline file is loaded, and how its problems are reported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encore.config import INCLUDE, PipelineError, include_folder, load_pipeline
from encore.config.loader import compose, located, pipeline_file
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


@pytest.mark.parametrize(
    ("role", "problem"),
    [
        ("2026-02-30", "2026-02-30 can't be read as timestamp: day is out of range for month"),
        ("!secret Role", "could not determine a constructor for the tag '!secret'"),
        ("!!int x", "x can't be read as int: invalid literal for int() with base 10: 'x'"),
        ("!!bool x", "x can't be read as bool: 'x'"),
        ("!!timestamp x", "x can't be read as timestamp: 'NoneType' object has no attribute 'groupdict'"),
        ("Ro\x01le", "'\\x01': special characters are not allowed"),
        ("{[a]: 1}", "found unhashable key"),
        ("*nowhere", "found undefined alias 'nowhere'"),
    ],
)
def test_what_yaml_cannot_read_is_named_with_its_line(problems, role, problem):  # noqa: F811
    assert problems("role: Role", f"role: {role}") == [f"3: not YAML: {problem}"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_file_holds_each_problem_has_its_line(tmp_path, data):
    start = data.draw(st.integers(0, len(MINIMAL)))
    end = data.draw(st.integers(start, min(start + 20, len(MINIMAL))))
    yaml_text = st.text("{}[]&*a!:-?|>'\"#%@`,<= \t\n01\x00\ud7ffäx", max_size=8)
    file = tmp_path / "pipeline.yaml"
    file.write_text(MINIMAL[:start] + data.draw(yaml_text) + MINIMAL[end:], encoding="utf-8")
    try:
        load_pipeline(file)
    except PipelineError as error:
        text = str(error)
        assert text.startswith(f"{file}:"), text
        assert text.removeprefix(f"{file}:").partition(":")[0].isdecimal(), text


def test_a_file_whose_aliases_go_round_in_circles_is_refused(tmp_path):
    file = tmp_path / "pipeline.yaml"
    file.write_text("dataset_groups: &groups\n  - *groups\n")
    with pytest.raises(PipelineError, match=r"yaml:1: dataset_groups\.0: "):
        load_pipeline(file)


def test_a_key_that_overrides_a_merged_one_is_named_with_its_own_line(problems):  # noqa: F811
    related = "      - name: related\n        recipe: aws-sims\n"
    merged = "      - <<: {name: related, recipe: aws-sims}\n        recipe: aws-nothing\n"
    (problem,) = problems(related, merged)
    assert problem.startswith("11: dataset_groups.0.solutions.1.recipe: ")


def test_a_legacy_recipe_is_warned_of_with_its_successor(tmp_path):
    file = tmp_path / "pipeline.yaml"
    file.write_text(MINIMAL.replace("aws-sims", "aws-hrnn"))
    (line,) = located(file, compose(file), warnings(load_pipeline(file)))
    assert line.startswith(f"{file}:11:")
    assert "aws-user-personalization-v2" in line


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """An `include/` that no test runs in."""
    folder = tmp_path / "bundle" / "include"
    shutil.copytree(INCLUDE, folder)
    return folder


@pytest.mark.parametrize("bundle", [".", "dags"], ids=["in the bundle", "beside its folder"])
def test_a_bundles_own_include_counts_where_one_is_parsed(other: Path, bundle: str, monkeypatch):
    assert include_folder() == INCLUDE
    monkeypatch.setattr(sys, "path", [*sys.path, str(other.parent / bundle)])
    assert include_folder() == other
    assert pipeline_file() == other / "pipeline.yaml"
    assert pipeline_file(INCLUDE / "pipeline.yaml").parent == INCLUDE


def test_a_file_that_names_what_only_its_own_folder_has_is_read_with_that_folder(other: Path, monkeypatch):
    (other / "sql" / "interactions.sql").rename(other / "sql" / "events.sql")
    file = other / "pipeline.yaml"
    file.write_text(file.read_text().replace("sql/interactions.sql", "sql/events.sql"))
    with pytest.raises(PipelineError, match=r"events\.sql"):
        load_pipeline(file)
    monkeypatch.setenv("ENCORE_INCLUDE", str(other))
    assert load_pipeline().dataset_groups[0].datasets["interactions"].sql == "sql/events.sql"


@pytest.mark.parametrize("folder", ["include", "plugins/include"])
def test_include_lies_beside_the_plugins_or_in_their_folder(tmp_path: Path, folder: str):
    plugins = tmp_path / "plugins"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(INCLUDE.parent / "plugins", plugins, ignore=ignored)
    shutil.copytree(INCLUDE, tmp_path / folder)
    code = "from encore.config import include_folder; print(include_folder())"
    env = {**os.environ, "PYTHONPATH": str(plugins)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / folder)
