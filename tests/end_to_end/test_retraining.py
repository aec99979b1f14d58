"""A whole run on real parts: product database, Airflow, S3, imports, training, campaigns, recommendations."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta

import psycopg2
import pytest

from demo import product_database
from tests.end_to_end.helpers import history, manifests, wait_for

METRICS = {
    "coverage",
    "mean_reciprocal_rank_at_25",
    *(f"normalized_discounted_cumulative_gain_at_{k}" for k in (5, 10, 25)),
    *(f"precision_at_{k}" for k in (5, 10, 25)),
}


@pytest.fixture(scope="module")
def retraining(stack):
    """A first retraining on an empty bucket, as a newcomer triggers it: nothing was exported before."""
    return stack.succeed("retrain_recommenders", {"history": "first_interaction"})


def query(stack, statement: str) -> int:
    with psycopg2.connect(stack.database) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def imported_rows(stack, dataset_type: str) -> list[dict[str, str]]:
    """What the service has in a dataset, through an export job of its own."""
    personalize, s3 = stack.aws("personalize"), stack.aws("s3")
    dataset = next(
        d for d in personalize.list_datasets()["datasets"] if d["datasetType"].upper() == dataset_type
    )
    role = stack.aws("iam").get_role(RoleName="EncorePersonalizeRole")["Role"]["Arn"]
    job = personalize.create_dataset_export_job(
        jobName=f"count-{dataset_type.lower()}",
        datasetArn=dataset["datasetArn"],
        roleArn=role,
        ingestionMode="ALL",
        jobOutput={"s3DataDestination": {"path": f"s3://encore-shop/counted/{dataset_type}/"}},
    )["datasetExportJobArn"]
    wait_for(
        lambda: personalize.describe_dataset_export_job(datasetExportJobArn=job)["datasetExportJob"]["status"]
    )
    rows: list[dict[str, str]] = []
    for entry in s3.list_objects_v2(Bucket="encore-shop", Prefix=f"counted/{dataset_type}/")["Contents"]:
        text = s3.get_object(Bucket="encore-shop", Key=entry["Key"])["Body"].read().decode()
        if entry["Key"].endswith(".csv"):
            rows += csv.DictReader(io.StringIO(text))
    return rows


def test_a_dry_run_on_an_empty_bucket_does_nothing_and_says_that_the_history_comes_first(stack):
    run = stack.succeed("retrain_recommenders", {"dry_run": True})
    done = {task for task, state in run["tasks"].items() if state != "skipped"}
    assert done <= {"validate_parameters", "dry_run", "record", "notify"}
    said = stack.airflow.xcom("retrain_recommenders", run["dag_run_id"], "dry_run")["lines"]
    assert any("never exported" in line and "are exported before" in line for line in said)
    assert manifests(stack.aws("s3")) == {}
    assert stack.aws("personalize").list_dataset_groups()["datasetGroups"] == []


def test_a_first_run_exports_its_history_first_and_says_so(stack, retraining):
    run = "retrain_recommenders", retraining["dag_run_id"]
    first, last = (date.fromisoformat(day) for day in history(stack).values())
    days = [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
    (task,) = stack.airflow.xcom(*run, "select_history")
    assert [partition["key"] for partition in task] == sorted(manifests(stack.aws("s3"))) == days
    assert f"Exporting {len(days)} days first" in stack.log(*run, "select_history")
    report = stack.aws("s3").get_object(Bucket="encore-shop", Key="shop/history/report.html")["Body"].read()
    assert f"{len(days)} days were exported first".encode() in report


def test_every_sound_event_is_imported_once(stack, retraining):
    sound = query(
        stack,
        "SELECT count(*) FROM (SELECT DISTINCT customer_id, product_id, kind, stars, happened_at FROM events"
        " WHERE customer_id IS NOT NULL AND product_id IS NOT NULL) AS sound",
    )
    assert 5_000 < sound < query(stack, "SELECT count(*) FROM events")
    assert len(imported_rows(stack, "INTERACTIONS")) == sound


def test_every_customer_and_every_filed_product_is_imported(stack, retraining):
    assert len(imported_rows(stack, "USERS")) == query(stack, "SELECT count(*) FROM customers")
    filed = query(stack, "SELECT count(*) FROM products WHERE cardinality(categories) > 0")
    assert len(imported_rows(stack, "ITEMS")) == filed


def test_each_solution_has_metrics_and_a_live_campaign_on_the_new_version(stack, retraining):
    personalize = stack.aws("personalize")
    for index in range(3):
        version = stack.airflow.xcom(
            "retrain_recommenders", retraining["dag_run_id"], "solution.train", index
        )
        metrics = stack.airflow.xcom(
            "retrain_recommenders", retraining["dag_run_id"], "solution.metrics", index
        )
        assert set(metrics) == METRICS
        assert metrics == personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
        campaign = next(
            description
            for entry in personalize.list_campaigns()["campaigns"]
            if (description := personalize.describe_campaign(campaignArn=entry["campaignArn"])["campaign"])[
                "solutionVersionArn"
            ]
            == version
        )
        assert campaign["status"] == "ACTIVE"


def test_campaigns_recommend_real_products(stack, retraining):
    titles = product_database.titles(stack.database)
    bought = query(stack, "SELECT array_agg(DISTINCT product_id::text) FROM events WHERE product_id > 0")
    users, items = product_database.busy(stack.database, 3)
    runtime, personalize = stack.aws("personalize-runtime"), stack.aws("personalize")
    for entry in personalize.list_campaigns()["campaigns"]:
        about = (
            [{"itemId": i} for i in items] if entry["name"] == "related" else [{"userId": u} for u in users]
        )
        for query_ in about:
            answer = runtime.get_recommendations(campaignArn=entry["campaignArn"], numResults=10, **query_)
            recommended = [item["itemId"] for item in answer["itemList"]]
            assert len(set(recommended)) == 10
            assert set(recommended) <= {*titles, *bought}  # events name some products that are gone since
            assert len(set(recommended) - set(titles)) <= 1


def test_a_second_run_makes_new_versions_and_no_second_dataset_group(stack, retraining):
    personalize = stack.aws("personalize")
    before = personalize.describe_campaign(campaignArn=_campaign(personalize, "related"))["campaign"]
    stack.succeed("export_interactions", history(stack))
    run = stack.succeed("retrain_recommenders")
    assert run["tasks"]["export_history"] == "skipped"  # every day is exported
    after = personalize.describe_campaign(campaignArn=_campaign(personalize, "related"))["campaign"]
    assert after["solutionVersionArn"] != before["solutionVersionArn"]
    assert after["status"] == "ACTIVE"
    assert len(personalize.list_dataset_groups()["datasetGroups"]) == 1
    assert len(personalize.list_schemas()["schemas"]) == 3


def test_unpausing_has_started_no_run_that_nobody_asked_for(stack, retraining):
    runs = stack.airflow.get("/dags/retrain_recommenders/dagRuns")["dag_runs"]
    assert {run["run_type"] for run in runs} == {"manual"}


def test_no_secret_is_in_any_log(stack, retraining):
    secret = stack.settings.secrets.aws_secret_access_key
    searched = 0
    for folder in (stack.settings.home / "logs", stack.settings.home / "airflow" / "logs"):
        for file in folder.rglob("*.log"):
            searched += 1
            assert secret not in file.read_text(errors="replace"), file
    assert searched > 10


def test_the_retraining_refuses_a_backfill(stack, retraining):
    with pytest.raises(RuntimeError, match=r"answered 4\d\d"):
        stack.airflow.post(
            "/backfills",
            json.loads(
                '{"dag_id": "retrain_recommenders", "from_date": "2026-01-01T00:00:00Z",'
                ' "to_date": "2026-01-03T00:00:00Z"}'
            ),
        )


def _campaign(personalize, name: str) -> str:
    return next(c["campaignArn"] for c in personalize.list_campaigns()["campaigns"] if c["name"] == name)
