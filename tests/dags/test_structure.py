"""What holds for every DAG of the project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from encore.config.models import DAG_NAMES
from tests.dags.conftest import DAG_FILES, ROOT, load_dags
from tests.encore.config.test_every_setting_is_honoured import PIPELINE

EXPERIMENT = {
    "name": "e",
    "champion": "popular",
    "challenger": "personal",
    "begin": "2026-03-01",
    "event_type": "purchase",
}


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.stem)
def test_parses_though_nothing_answers(file, dags_of, nothing_answers):
    assert dags_of(lambda groups: groups[0].update(experiment=EXPERIMENT), file)


def test_a_pipeline_file_with_every_setting_is_parsed_though_nothing_answers(
    tmp_path, monkeypatch, nothing_answers
):
    file = tmp_path / "pipeline.yaml"
    file.write_text(yaml.safe_dump(PIPELINE))
    monkeypatch.setenv("ENCORE_PIPELINE", str(file))
    assert set(load_dags()) == {f"{name}_b" for name in DAG_NAMES}


def test_there_is_one_file_for_each_dag_that_a_group_can_have():
    assert {file.stem for file in DAG_FILES} == set(DAG_NAMES)


def test_each_group_gets_its_own_dags(dags_of):
    def with_books(groups):
        groups[0]["experiment"] = EXPERIMENT
        groups.append({**groups[0], "name": "books", "dag_suffix": None, "bucket": "books"})

    loaded = dags_of(with_books)
    assert set(loaded) == {name + suffix for name in DAG_NAMES for suffix in ("", "_books")}


def test_a_form_is_kept_by_its_dag_and_not_by_each_of_its_tasks(dags):
    """Airflow gives a task that is made in a DAG with params a copy of them, and writes it down with the task."""
    assert {name for name, dag in dags.items() if dag.params} == set(dags) - {"judge_experiment"}
    copies = [task.task_id for dag in dags.values() for task in dag.tasks if getattr(task, "params", None)]
    assert copies == []


def test_each_file_is_named_like_its_dag(dags):
    for dag in dags.values():
        assert dag.dag_id.startswith(Path(dag.fileloc).stem), f"{dag.dag_id} in {dag.fileloc}"


def test_every_dag_says_what_it_does_and_is_tagged(dags):
    for dag in dags.values():
        assert dag.doc_md, dag.dag_id
        assert dag.description, dag.dag_id
        assert "personalize" in dag.tags, dag.dag_id


def test_every_param_is_explained(dags):
    for dag in dags.values():
        for name in dag.params:
            schema = dag.params.get_param(name).schema
            assert schema.get("title"), f"{dag.dag_id}.{name}"
            assert schema.get("description_md"), f"{dag.dag_id}.{name}"


def test_survives_serialization(dags):
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in dags.values():
        restored = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
        assert set(restored.task_ids) == set(dag.task_ids)


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.stem)
def test_dag_files_are_wiring_only(file):
    text = file.read_text()
    assert not re.search(r"\bboto3\b|\bbotocore\b|get_paginator|endpoint_url", text)
    assert not re.search(r"\bSELECT\b|\bINSERT\b", text)


def test_nothing_asks_whether_it_runs_locally():
    for folder in ("dags", "plugins"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text()
            assert "localpersonalize" not in text, file
            assert "127.0.0.1" not in text, file
