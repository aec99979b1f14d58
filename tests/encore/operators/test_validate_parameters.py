"""Parameters are checked first; a dry run leads to its task alone, any other run to all the others."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from encore.operators.validate_parameters import PersonalizeValidateParametersOperator

GROUP = {
    "name": "shop",
    "role": "R",
    "bucket": "shop",
    "datasets": {"interactions": {"schema": "i.json", "sql": "i.sql"}},
    "solutions": [{"name": "popular", "recipe": "aws-popularity-count"}],
}


def run(monkeypatch, params, dry_run_task_id="dry_run"):
    followed, pushed = [], {}
    with DAG("shop", schedule=None):
        operator = PersonalizeValidateParametersOperator(
            task_id="validate", group=GROUP, dry_run_task_id=dry_run_task_id
        )
        operator >> [BaseOperator(task_id=name) for name in ("dry_run", "export", "import")]
    monkeypatch.setattr(operator, "do_branch", lambda context, tasks: followed.extend(tasks))
    ti = SimpleNamespace(xcom_push=lambda key, value: pushed.__setitem__(key, value))
    operator.execute({"params": params, "ti": ti})
    return followed, pushed


def test_a_run_leads_to_all_tasks_but_the_dry_run_and_its_plan_is_there_for_them(monkeypatch):
    followed, pushed = run(monkeypatch, {"import_mode": "INCREMENTAL"})
    assert followed == ["export", "import"]
    assert pushed["import_mode"] == pushed["return_value"]["import_mode"] == "INCREMENTAL"
    assert pushed["return_value"]["solutions"] == ["popular"]


def test_a_dry_run_leads_to_nothing_else(monkeypatch):
    assert run(monkeypatch, {"dry_run": True})[0] == ["dry_run"]


def test_parameters_that_do_not_go_together_are_refused(monkeypatch):
    with pytest.raises(AirflowFailException, match="training_mode=UPDATE"):
        run(monkeypatch, {"training_mode": "UPDATE"})


def test_a_dry_run_task_that_was_renamed_is_named(monkeypatch):
    with pytest.raises(AirflowFailException, match="no task preview is downstream"):
        run(monkeypatch, {}, dry_run_task_id="preview")
