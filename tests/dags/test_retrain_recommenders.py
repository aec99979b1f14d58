"""The DAG of the retraining: its form, and what a group configures."""

from __future__ import annotations

import ast
from itertools import pairwise

import pytest
import yaml

from encore.config import PIPELINE_FILE
from tests.dags.conftest import ROOT, load_dags


@pytest.fixture
def two_groups(dags_of):
    """Every DAG of a file with two groups, the second one with all that can be configured."""

    def change(groups):
        groups.append(
            {
                **groups[0],
                "name": "books",
                "dag_suffix": None,
                "bucket": "books",
                "deadline_hours": 6,
                "notify": [{"type": "slack"}, {"type": "smtp", "to": ["a@example.com"]}],
                "filters": [
                    {
                        "name": "fresh",
                        "expression": 'EXCLUDE ItemID WHERE Interactions.event_type IN ("purchase")',
                    }
                ],
            }
        )

    return dags_of(change)


def test_what_a_group_configures_is_in_its_dags_only(two_groups):
    first, books = two_groups["retrain_recommenders"], two_groups["retrain_recommenders_books"]
    assert "filter_fresh" in books.task_ids
    assert "filter_fresh" not in first.task_ids
    assert books.deadline
    assert not first.deadline
    assert (
        len(books.get_task("solution.approve").notifiers or books.get_task("solution.approve").partial_kwargs)
        > 0
    )


def test_a_domain_group_may_have_recommenders_alone(dags_of):
    def change(groups):
        for section in ("solutions", "batch", "comparison", "experiment"):
            groups[0].pop(section, None)
        top = {"name": "top", "recipe": "aws-ecomm-popular-items-by-views"}
        groups[0] |= {"domain": "ECOMMERCE", "recommenders": [{**top, "state": "stopped"}]}

    dags = dags_of(change)
    assert sorted(dags) == ["clean_up", "export_interactions", "retrain_recommenders"]
    dag = dags["retrain_recommenders"]
    assert set(dag.params) == {"dry_run", "history", "import_mode", "as_of", "data_gate"}
    assert not any(task.startswith("solution") for task in dag.task_ids)
    order = ["import_interactions", "recommender_top", "stop_top", "record", "notify"]
    for before, after in pairwise(order):
        assert before in dag.get_task(after).upstream_task_ids


def test_the_form_of_retraining_names_the_choices(dags):
    params = dags["retrain_recommenders"].params
    schema = params.get_param("solutions").schema
    names = [s["name"] for s in yaml.safe_load(PIPELINE_FILE.read_text())["dataset_groups"][0]["solutions"]]
    assert schema["items"]["enum"] == schema["examples"] == params["solutions"] == names
    assert {name: params[name] for name in params if name != "solutions"} == {
        "training_mode": "FULL",
        "import_mode": "FULL",
        "history": "first_interaction",
        "as_of": None,
        "promote": "gate",
        "data_gate": "file",
        "dry_run": False,
    }


def test_every_choice_has_a_word_of_explanation(dags):
    for dag in dags.values():
        for name in dag.params:
            schema = dag.params.get_param(name).schema
            options = schema.get("enum") or schema.get("items", {}).get("enum", ())
            meanings = schema.get("values_display", {})
            assert set(options) == set(meanings), f"{dag.dag_id}.{name}"
            assert all(meanings[option].startswith(f"{option}: ") for option in options)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("solutions", ["other"]),
        ("solutions", []),
        ("training_mode", "AUTO"),
        ("import_mode", "DELTA"),
        ("as_of", "May"),
        ("history", "all"),
        ("promote", "maybe"),
        ("data_gate", "off"),
        ("dry_run", "perhaps"),
    ],
)
def test_the_form_refuses_other_values(dags, name, value):
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dags["retrain_recommenders"].params.get_param(name).resolve(value)


@pytest.mark.parametrize("task", ["record", "notify"])
def test_a_failed_run_stays_failed_though_it_is_recorded_and_notified(dags, task):
    assert dags["retrain_recommenders"].get_task(task).is_teardown


def test_everything_waits_for_the_parameters(dags):
    dag = dags["retrain_recommenders"]
    roots = {task.task_id for task in dag.tasks if not task.upstream_task_ids}
    assert roots == {"validate_parameters"}


@pytest.mark.parametrize(
    ("task", "reader", "argument"),
    [
        ("data_gate", "solution.gate", "data_gate"),
        ("train", "record", "versions"),
        ("gate", "notify", "decisions"),
        ("validate_parameters", "record", "plan"),
    ],
)
def test_a_renamed_task_takes_its_readers_along(tmp_path, monkeypatch, task, reader, argument):
    dag_file, builders = ROOT / "dags" / "retrain_recommenders.py", ROOT / "plugins" / "encore" / "builders"
    package = f"builders_with_another_{task}"  # beside the project's own builders, which stay imported
    (tmp_path / package).mkdir()
    renamed = 0
    for source in (dag_file, *builders.glob("*.py")):
        text = source.read_text().replace("encore.builders", package)
        renamed += text.count(f'task_id="{task}"')
        target = tmp_path if source == dag_file else tmp_path / package
        (target / source.name).write_text(text.replace(f'task_id="{task}"', 'task_id="renamed"'))
    assert renamed == 1
    monkeypatch.syspath_prepend(tmp_path)
    dag = load_dags(tmp_path / dag_file.name)["retrain_recommenders"]
    (source,) = getattr(dag.get_task(reader), argument).iter_references()
    assert source[0].task_id.split(".")[-1] == "renamed"
    assert source[0].task_id in dag.task_ids


def test_a_dry_run_task_that_is_renamed_alone_does_not_parse_unnoticed(dags):
    validate = dags["retrain_recommenders"].get_task("validate_parameters")
    assert validate.dry_run_task_id in validate.downstream_task_ids


def test_no_operator_of_the_application_names_a_task():
    for file in (ROOT / "plugins" / "encore").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "xcom_pull":
                named = [word.value for word in node.keywords if word.arg == "task_ids"]
                assert all(isinstance(name, ast.Attribute) for name in named), f"{file}:{node.lineno}"


@pytest.mark.parametrize("reports", [True, False])
def test_an_import_that_reports_waits_for_the_attribution_and_no_import_for_the_tracker(dags_of, reports):
    """Without an attribution an import has nothing to report, and no second one of the same data would."""

    def change(groups):
        groups[0]["event_tracker"] = {}
        metrics = [{"name": "purchases", "event_type": "purchase"}]
        groups[0]["metric_attribution"] = {"metrics": metrics, "reports": reports}

    dag = dags_of(change)["retrain_recommenders"]
    before = dag.get_task("import_interactions").get_flat_relative_ids(upstream=True)
    assert ("metric_attribution" in before) == reports
    assert "event_tracker" not in before
    assert {"users_dataset", "data_gate"} <= dag.get_task("event_tracker").upstream_task_ids
