"""What a person chooses in a form is what happens, through the real scheduler.

Which test of the project stands for which field of which form is said in `tests/dags/test_every_field_is_honoured.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from encore import history
from tests.end_to_end.conftest import SMALL_SHOP
from tests.end_to_end.helpers import manifests
from tests.end_to_end.pipeline_stack import NDCG, RETRAIN, SHOP, PipelineStack, datasets, running_pipeline

PIPELINE: dict[str, Any] = {
    "dataset_groups": [
        {
            **SHOP,
            "datasets": datasets("interactions", "users", "items"),
            "solutions": [
                {"name": "popular", "recipe": "aws-popularity-count"},
                {"name": "related", "recipe": "aws-sims"},
                {
                    "name": "you",
                    "recipe": "aws-user-personalization",
                    "hyperparameters": {"hidden_dimension": 32, "bptt": 2},
                },
            ],
        },
    ]
}
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
DAYS = [str(YESTERDAY - timedelta(days=back)) for back in reversed(range(SMALL_SHOP.days))]


@pytest.fixture(scope="module")
def pipeline() -> Iterator[PipelineStack]:
    with running_pipeline(PIPELINE) as pipeline:
        pipeline.export()
        yield pipeline


@pytest.fixture(scope="module")
def live(pipeline) -> dict[str, str]:
    """The versions that a first run, started with promote=promote, has put live."""
    pipeline.good({"solutions": ["popular", "related"], "promote": "promote"})
    return {name: pipeline.serves(name) for name in ("popular", "related")}


@pytest.fixture
def file(pipeline) -> Iterator[Any]:
    """Change the first group of the pipeline file for a test."""

    def change(**sections: Any) -> None:
        (group,) = PIPELINE["dataset_groups"]
        pipeline.file.write_text(yaml.safe_dump({"dataset_groups": [{**group, **sections}]}))

    yield change
    change()


def last_import(pipeline: PipelineStack, kind: str = "interactions") -> dict[str, Any]:
    personalize = pipeline.aws("personalize")
    dataset = next(
        entry["datasetArn"]
        for entry in personalize.list_datasets()["datasets"]
        if entry["datasetType"].lower() == kind
    )
    jobs = personalize.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"]
    newest = max(jobs, key=lambda job: job["creationDateTime"])
    arn = newest["datasetImportJobArn"]
    return personalize.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]


def versions(pipeline: PipelineStack, solution: str) -> list[dict[str, Any]]:
    """What the service says of a solution's versions, the newest first."""
    personalize = pipeline.aws("personalize")
    result = next(entry for entry in personalize.list_solutions()["solutions"] if entry["name"] == solution)
    listed = personalize.list_solution_versions(solutionArn=result["solutionArn"])["solutionVersions"]
    description = [
        personalize.describe_solution_version(solutionVersionArn=entry["solutionVersionArn"])[
            "solutionVersion"
        ]
        for entry in listed
    ]
    return sorted(description, key=lambda entry: entry["creationDateTime"], reverse=True)


def test_unusual_data_goes_on_with_warn_and_not_with_stop_whatever_the_file_says(pipeline, live, file):
    pipeline.sql(
        "CREATE TABLE lost AS SELECT * FROM events WHERE id % 3 > 0", "DELETE FROM events WHERE id % 3 > 0"
    )
    pipeline.export()
    params = {"solutions": ["popular"], "promote": "hold"}
    try:
        file(data_gate={"on_failure": "warn"})
        run = pipeline.run(RETRAIN, {**params, "data_gate": "stop"})
        assert (run["state"], run["tasks"]["data_gate"]) == ("failed", "failed")
        file(data_gate={"on_failure": "stop"})  # in this order: what was imported counts for the usual rows
        run = pipeline.good({**params, "data_gate": "warn"})
        assert "The import goes on all the same" in pipeline.log(RETRAIN, run["dag_run_id"], "data_gate")
    finally:
        pipeline.sql("INSERT INTO events SELECT * FROM lost", "DROP TABLE lost")
        pipeline.export()


def test_as_of_imports_history_up_to_that_day_and_incremental_adds_the_days_since(pipeline, live):
    params = {"solutions": ["popular"], "promote": "hold"}
    run = pipeline.good({**params, "as_of": DAYS[-5], "import_mode": "FULL"})
    until = pipeline.airflow.xcom(RETRAIN, run["dag_run_id"], "snapshot_interactions")
    assert [partition["key"] for partition in until["partitions"]] == DAYS[:-4]
    job = last_import(pipeline)
    assert job["importMode"] == "FULL"
    assert job["dataSource"]["dataLocation"] == until["location"]

    run = pipeline.good({**params, "import_mode": "INCREMENTAL"})
    since = pipeline.airflow.xcom(RETRAIN, run["dag_run_id"], "snapshot_interactions")
    assert [partition["key"] for partition in since["partitions"]] == DAYS[-4:]
    assert {last_import(pipeline, kind)["importMode"] for kind in ("interactions", "users", "items")} == {
        "INCREMENTAL"
    }
    assert last_import(pipeline)["dataSource"]["dataLocation"] == since["location"]


def test_promotion_is_what_was_chosen_whatever_the_gate_says(pipeline, live):
    run = pipeline.good({"solutions": ["popular"], "promote": "hold"})
    assert run["tasks"]["solution.held[0]"] == "success"
    assert run["tasks"]["solution.campaign[0]"] == "skipped"
    assert pipeline.serves("popular") == live["popular"]

    run_id = pipeline.start_run(RETRAIN, {"solutions": ["popular"], "promote": "ask"})
    assert "shall" in pipeline.answer(run_id, "Reject")
    pipeline.must_be_good(pipeline.finish(RETRAIN, run_id))
    assert pipeline.serves("popular") == live["popular"]

    pipeline.good({"solutions": ["popular"], "promote": "promote"})
    assert pipeline.serves("popular") == versions(pipeline, "popular")[0]["solutionVersionArn"]
    assert pipeline.serves("related") == live["related"]


def test_the_gate_decides_where_it_is_left_to_it(pipeline, live, file):
    solutions = [dict(solution) for solution in PIPELINE["dataset_groups"][0]["solutions"]]
    solutions[1]["gate"] = {"metrics": {NDCG: {"floor": 1}}, "below_floor": "hold"}
    file(solutions=solutions)
    run = pipeline.good({"solutions": ["related"], "promote": "gate"})
    assert run["tasks"]["solution.held[0]"] == "success"
    assert pipeline.serves("related") == live["related"]


def test_an_update_takes_new_events_into_the_last_model(pipeline, live):
    params = {"solutions": ["you"], "promote": "hold"}
    pipeline.good({**params, "training_mode": "FULL"})
    pipeline.good({**params, "training_mode": "UPDATE"})
    assert [version["trainingMode"] for version in versions(pipeline, "you")] == ["UPDATE", "FULL"]


def test_an_export_writes_the_days_that_were_chosen_and_no_others(pipeline):
    before = manifests(pipeline.aws("s3"))
    assert sorted(before) == DAYS
    run = pipeline.run("export_interactions", {"from_date": DAYS[3], "to_date": DAYS[5]})
    assert run["state"] == "success", run
    after = manifests(pipeline.aws("s3"))
    assert [day for day in DAYS if after[day] != before[day]] == DAYS[3:6]

    run = pipeline.run("export_interactions")  # its own day is the one before; `reexport_days` is 1
    assert run["state"] == "success", run
    own = manifests(pipeline.aws("s3"))
    assert [day for day in own if own[day] != after.get(day)] == DAYS[-2:]


def test_the_chosen_campaign_goes_back_to_what_was_live_and_that_is_recorded(pipeline, live):
    popular, before = pipeline.serves("popular"), pipeline.serves("related")
    pipeline.good({"solutions": ["related"], "promote": "hold"})
    pipeline.good({"solutions": ["related"], "promote": "promote"})
    newest, held, *_ = [version["solutionVersionArn"] for version in versions(pipeline, "related")]
    assert pipeline.serves("related") == newest
    assert held != before
    run = pipeline.run("rollback_campaign", {"campaign": "related"})
    assert run["state"] == "success", run
    assert pipeline.serves("related") == before
    assert pipeline.serves("popular") == popular
    row = history.read(pipeline.aws("s3"), SHOP["bucket"], SHOP["prefix"])[-1]
    assert (row["dag_id"], row["outcome"]) == ("rollback_campaign", "promoted")
    assert (row["solution_version_arn"], row["live_version_arn"]) == (before, newest)


def test_the_clean_up_removes_unlisted_things_only_when_told_and_nothing_in_a_dry_run(pipeline, live, file):
    file(solutions=PIPELINE["dataset_groups"][0]["solutions"][:1])

    def clean(**params: Any) -> list[str]:
        run = pipeline.run("clean_up", params)
        assert run["state"] == "success", run
        return [campaign["name"] for campaign in pipeline.aws("personalize").list_campaigns()["campaigns"]]

    before = pipeline.store()
    clean(dry_run=True, remove_unlisted=True)
    assert pipeline.store() == before
    started = pipeline.airflow.get("/dags/clean_up/dagRuns")["dag_runs"]
    assert {run["run_type"] for run in started} == {"manual"}  # unpausing has started no other
    assert sorted(clean(remove_unlisted=False)) == ["popular", "related"]
    assert clean(remove_unlisted=True) == ["popular"]
    left = [solution["name"] for solution in pipeline.aws("personalize").list_solutions()["solutions"]]
    assert left == ["popular"]
    assert pipeline.serves("popular")
