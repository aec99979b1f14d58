"""With a budget in the file, every step of every DAG that is paid for waits until the budget has room."""

from __future__ import annotations

import pytest
import yaml

from tests.dags.conftest import load_dags
from tests.encore.config.test_every_setting_is_honoured import PIPELINE

#: What an operator of the service begins without a price, by the name that its class begins with.
FREE = (
    "PersonalizeCreateDatasetGroupOperator",
    "PersonalizeCreateSchemaOperator",
    "PersonalizeCreateDatasetOperator",
    "PersonalizeCreateFilterOperator",
    "PersonalizeCreateSolutionOperator",
    "PersonalizeCreateEventTrackerOperator",
    "PersonalizeCreateMetricAttributionOperator",
)
BEGINS = ("PersonalizeCreate", "PersonalizeStart", "PersonalizePromote", "PersonalizeAsk")
#: The rollback moves a campaign that is there and paid for already: it never makes one.
MOVES = {"rollback_campaign"}


@pytest.fixture
def every_dag(tmp_path, monkeypatch):
    file = tmp_path / "pipeline.yaml"
    file.write_text(yaml.safe_dump(PIPELINE))
    monkeypatch.setenv("ENCORE_PIPELINE", str(file))
    return load_dags()


def test_every_paid_step_of_every_dag_is_behind_the_budget(every_dag):
    paid = {
        (dag_id, task.task_id): "budget" in task.get_flat_relative_ids(upstream=True)
        for dag_id, dag in every_dag.items()
        if not dag_id.startswith(tuple(MOVES))
        for task in dag.tasks
        if task.task_type.startswith(BEGINS) and task.task_type not in FREE
    }
    assert {name.rpartition(".")[2] for _, name in paid} >= {
        "import_interactions",
        "train",
        "ask_new",
        "campaign",
        "recommender_for-you",
        "job",
    }
    assert [step for step, is_guarded in paid.items() if not is_guarded] == []


def test_without_a_budget_nobody_is_asked(dags):
    assert [dag.dag_id for dag in dags.values() if "budget" in dag.task_ids] == []


def test_a_rejected_run_of_batch_jobs_asks_nothing_and_a_failed_input_stops_its_own_job_alone(every_dag):
    dag = next(dag for dag_id, dag in every_dag.items() if dag_id.startswith("batch_recommendations"))
    budget = dag.get_task("budget")
    assert budget.trigger_rule == "all_done"
    assert budget.upstream_task_ids == {name for name in dag.task_ids if name.endswith(".input")}
    for job in (name for name in dag.task_ids if name.endswith(".job")):
        assert dag.get_task(job).trigger_rule == "all_success"
        assert {"budget", job.replace(".job", ".input")} <= dag.get_task(job).upstream_task_ids
