"""Who may import whom, and no circles: `dags` -> `encore` -> `airflow_personalize`; `localpersonalize` apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.import_graph import file_cycles, folder_cycles
from tests.support.packages import ROOT

FOLDERS = {
    "dags": ROOT / "dags",
    "encore": ROOT / "plugins" / "encore",
    "airflow_personalize": ROOT / "plugins" / "airflow_personalize",
    "localpersonalize": ROOT / "localpersonalize",
    "demo": ROOT / "demo",
    "benchmarks": ROOT / "benchmarks",
}
MAY_IMPORT = {
    "dags": {"encore", "airflow_personalize"},
    "encore": {"airflow_personalize"},
    "airflow_personalize": set(),
    "localpersonalize": set(),
    "demo": {"encore", "airflow_personalize", "localpersonalize"},
    "benchmarks": {"encore", "airflow_personalize", "localpersonalize", "demo"},
}
PACKAGES = ["encore", "airflow_personalize", "localpersonalize", "demo"]
NOT_IN_DAGS = {"boto3", "botocore"}


@pytest.mark.parametrize("name", FOLDERS)
def test_imports_go_one_way(name: str):
    others = (FOLDERS.keys() | {"tests"}) - MAY_IMPORT[name] - {name}
    wrong = [f"{file.relative_to(ROOT)}: {top}" for file, top in _imports(FOLDERS[name]) if top in others]
    assert not wrong


def test_localpersonalize_knows_no_airflow():
    assert not [file for file, top in _imports(FOLDERS["localpersonalize"]) if top == "airflow"]


def test_dags_call_no_aws_client():
    assert not [file for file, top in _imports(FOLDERS["dags"]) if top in NOT_IN_DAGS]


def test_the_provider_knows_no_pipeline_file_and_no_dag():
    dag_ids = {file.stem for file in FOLDERS["dags"].glob("*.py")}
    for file in FOLDERS["airflow_personalize"].rglob("*.py"):
        if "example_dags" in file.parts:
            continue
        strings = {
            node.value
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not strings & (dag_ids | {"pipeline.yaml"}), file


@pytest.mark.parametrize("name", PACKAGES)
def test_no_circle_of_files(name: str):
    assert file_cycles(FOLDERS[name]) == []


@pytest.mark.parametrize("name", PACKAGES)
def test_no_circle_of_folders(name: str):
    assert folder_cycles(FOLDERS[name]) == []


def _imports(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each import of a folder's files, by its first name, those within functions included."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from ((file, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield file, node.module.partition(".")[0]
