"""The examples are DAGs that Airflow can serialise, and name nothing that is not there."""

from __future__ import annotations

import importlib

import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from tests.support.airflow_classes import modules_of

EXAMPLES = modules_of("airflow_personalize.example_dags")
SYSTEM = "tests.airflow_personalize.system.example_personalize"


def dag_of(module: str) -> DAG:
    return importlib.import_module(module).dag


@pytest.mark.parametrize("module", [*EXAMPLES, SYSTEM])
def test_an_example_survives_serialisation(module):
    dag = dag_of(module)
    restored = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    assert set(restored.task_ids) == set(dag.task_ids)


@pytest.mark.parametrize("module", EXAMPLES)
def test_an_example_is_named_after_its_file(module):
    assert dag_of(module).dag_id == module.rsplit(".", 1)[-1]


def test_the_system_test_removes_what_it_made_however_it_ends_and_tells_its_failures():
    dag = dag_of(SYSTEM)
    assert dag.get_task("delete_dataset_group").trigger_rule == "all_done"
    watched = dag.get_task("watcher").upstream_task_ids
    assert watched == set(dag.task_ids) - {"watcher"}
