"""The DAG of batch jobs: one for each group that has some, with a form and the tasks that each job needs."""

from __future__ import annotations

import pytest

JOBS = [
    {"name": "mail", "solution": "popular", "filter": "fresh"},
    {"name": "fans", "kind": "segments", "recipe": "aws-item-affinity", "table": "fans"},
]


@pytest.fixture
def groups(dags_of):
    """Every DAG of a file with two groups, of which one has batch jobs."""

    def change(groups):
        del groups[0]["batch"]
        groups.append(
            {
                **groups[0],
                "name": "books",
                "dag_suffix": None,
                "bucket": "books",
                "filters": [{"name": "fresh", "expression": 'INCLUDE ItemID WHERE Items.CATEGORY IN ("a")'}],
                "batch": {"schedule": "0 5 * * 1", "jobs": JOBS},
            }
        )

    return dags_of(change)


def test_a_group_without_the_section_has_no_such_dag(groups):
    assert [name for name in groups if name.startswith("batch")] == ["batch_recommendations_books"]


def test_only_a_job_with_a_recipe_trains_and_each_kind_has_its_operator(groups):
    dag = groups["batch_recommendations_books"]
    assert {task for task in dag.task_ids if task.endswith(".train")} == {"batch_fans.train"}
    assert dag.get_task("batch_mail.job").task_type == "PersonalizeCreateBatchInferenceJobOperator"
    assert dag.get_task("batch_fans.job").task_type == "PersonalizeCreateBatchSegmentJobOperator"
    assert dag.get_task("batch_mail.job").deferrable
    assert dag.get_task("batch_mail.version").filter_name == "fresh"
    assert dag.get_task("batch_fans.input").most_lines == 500
    assert dag.timetable.summary == "0 5 * * 1"


def test_what_each_job_costs_is_recorded_once_it_is_done(groups):
    dag = groups["batch_recommendations_books"]
    for name in ("mail", "fans"):
        recorded = dag.get_task(f"batch_{name}.cost")
        assert f"batch_{name}.job" in recorded.upstream_task_ids
        assert (recorded.job, recorded.task_type) == (name, "PersonalizeRecordBatchOperator")


def test_each_job_emits_an_asset_of_its_own(groups):
    (outlet,) = groups["batch_recommendations_books"].get_task("batch_fans.answers").outlets
    assert (outlet.name, outlet.uri) == ("books_batch_fans", "s3://books/shop/batch/fans")


def test_the_form_has_the_jobs_and_asks_about_training_only_where_a_job_trains(groups, dags):
    params = groups["batch_recommendations_books"].params
    assert params.get_param("batches").schema["items"]["enum"] == params["batches"] == ["mail", "fans"]
    assert {name: params[name] for name in ("train", "dry_run")} == {"train": True, "dry_run": False}
    assert "train" not in dags["batch_recommendations"].params


@pytest.mark.parametrize(
    ("params", "followed"),
    [
        ({}, ["mail.version", "mail.input", "fans.version", "fans.input", "fans.dataset_group"]),
        ({"batches": ["fans"], "train": False}, ["fans.version", "fans.input"]),
    ],
)
def test_the_form_decides_which_tasks_begin(groups, params, followed):
    dag = groups["batch_recommendations_books"]
    select_jobs = dag.get_task("select_jobs").python_callable
    selected = {**dag.params.dump(), **params}
    assert select_jobs(params=selected) == [f"batch_{task}" for task in followed]
    assert select_jobs(params={**selected, "dry_run": True}) == ["dry_run"]
