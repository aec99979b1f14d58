"""A domain group of recommenders alone: from the shop's tables to answers, through the DAG, against the service."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from encore import history
from encore.config import INCLUDE
from tests.end_to_end.pipeline_stack import RETRAIN, SHOP, PipelineStack, running_pipeline, short_folder

USE_CASE = "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views"
# The domain's words for what the shop's table calls view, cart and purchase, and the columns that it wants of items.
INTERACTIONS = """
SELECT DISTINCT customer_id AS user_id, product_id AS item_id, initcap(kind::text) AS event_type,
                happened_at AS timestamp
FROM events
WHERE happened_at >= {{ start }} AND happened_at < {{ end }} AND customer_id IS NOT NULL
"""
ITEMS = """
SELECT id AS item_id, coalesce(price, 0)::real AS price, array_to_string(categories, '|') AS category_l1
FROM products
"""


def avro(name: str, **types: Any) -> str:
    fields = [{"name": column, **field} for column, field in types.items()]
    space = "com.amazonaws.personalize.schema"
    return json.dumps(
        {"type": "record", "name": name, "namespace": space, "fields": fields, "version": "1.0"}
    )


def write_include(folder: Path) -> None:
    text = {"type": "string"}
    files = {
        "interactions.sql": INTERACTIONS,
        "items.sql": ITEMS,
        "interactions.json": avro(
            "Interactions", user_id=text, item_id=text, event_type=text, timestamp={"type": "long"}
        ),
        "items.json": avro(
            "Items",
            item_id=text,
            price={"type": "float"},
            category_l1={"type": "string", "categorical": True},
        ),
        "prices.json": json.dumps(
            {**json.loads((INCLUDE / "prices.json").read_text()), "recommender_hour": 0.5}
        ),
    }
    for name, content in files.items():
        (folder / name).write_text(content)


def pipeline_file(**top: Any) -> dict[str, Any]:
    kinds = ("interactions", "items")
    return {
        "dataset_groups": [
            {
                **SHOP,
                "domain": "ECOMMERCE",
                "monthly_budget_usd": 100,
                "datasets": {kind: {"schema": f"{kind}.json", "sql": f"{kind}.sql"} for kind in kinds},
                "recommenders": [
                    {"name": "top", "recipe": USE_CASE.rsplit("/", 1)[-1], **top},
                    {"name": "for-you", "recipe": "aws-ecomm-recommended-for-you"},
                ],
            }
        ]
    }


@pytest.fixture(scope="module")
def shop() -> Iterator[PipelineStack]:
    with short_folder() as home, pytest.MonkeyPatch.context() as environment:
        include = Path(home) / "include"
        include.mkdir()
        write_include(include)
        environment.setenv("ENCORE_INCLUDE", str(include))  # of Airflow's processes and of this one
        with running_pipeline(pipeline_file(), home=Path(home)) as stack:
            yield stack


def description_of(shop: PipelineStack, name: str) -> dict[str, Any]:
    personalize = shop.aws("personalize")
    entries = personalize.list_recommenders()["recommenders"]
    arn = next(entry["recommenderArn"] for entry in entries if entry["name"] == name)
    return personalize.describe_recommender(recommenderArn=arn)["recommender"]


def answers(shop: PipelineStack, name: str) -> list[str]:
    arn = description_of(shop, name)["recommenderArn"]
    runtime = shop.aws("personalize-runtime")
    return [
        item["itemId"]
        for item in runtime.get_recommendations(recommenderArn=arn, userId="1", numResults=5)["itemList"]
    ]


def recorded(shop: PipelineStack, run_id: str) -> dict[str, dict[str, Any]]:
    rows = history.read(shop.aws("s3"), SHOP["bucket"], SHOP["prefix"])
    return {row["solution"]: row for row in rows if row["run_id"] == run_id}


def test_recommenders_alone_are_made_changed_stopped_and_started_by_runs(shop):
    # A first run exports, checks, imports, and makes both; they answer with products that there are.
    first = shop.good()
    assert not any(task.startswith("solution") for task in first["tasks"])
    products = {str(number) for (number,) in shop.rows("SELECT id FROM products")}
    for name in ("top", "for-you"):
        assert len(answers(shop, name)) == 5
        assert set(answers(shop, name)) <= products
    rows = recorded(shop, first["dag_run_id"])
    assert {name: row["outcome"] for name, row in rows.items()} == {"top": "promoted", "for-you": "promoted"}
    assert rows["top"]["metrics"]
    assert rows["top"]["campaign_usd_a_day"] == 12.0
    result = shop.airflow.xcom(RETRAIN, first["dag_run_id"], "record")
    assert set(result["solutions"]) == {"top", "for-you"}

    # Changed and stopped by the file: nothing is made anew, and it answers no more; the other is as it was.
    before = description_of(shop, "for-you")["lastUpdatedDateTime"]
    shop.change(pipeline_file(min_requests_per_second=2, state="stopped"), RETRAIN, "stop_top")
    stopped = shop.good()
    top = description_of(shop, "top")
    assert (top["status"], top["recommenderConfig"]["minRecommendationRequestsPerSecond"]) == ("INACTIVE", 2)
    assert description_of(shop, "for-you")["lastUpdatedDateTime"] == before
    assert len(shop.aws("personalize").list_recommenders()["recommenders"]) == 2
    with pytest.raises(shop.aws("personalize-runtime").exceptions.ClientError):
        answers(shop, "top")
    rows = recorded(shop, stopped["dag_run_id"])
    assert (rows["top"]["outcome"], rows["top"]["campaign_usd_a_day"]) == ("held", 0.0)
    # Nothing is new: nobody is told of it.
    assert shop.airflow.xcom(RETRAIN, stopped["dag_run_id"], "record")["solutions"] == {}

    # Started by the file, and what changed while it was stopped is caught up on.
    shop.change(pipeline_file(min_requests_per_second=3, state="active"), RETRAIN, "update_top")
    shop.good()
    top = description_of(shop, "top")
    assert (top["status"], top["recommenderConfig"]["minRecommendationRequestsPerSecond"]) == ("ACTIVE", 3)
    assert set(answers(shop, "top")) <= products

    # A person stops it, as `encore stop` does: without `state` in the file a run goes on, and leaves it so.
    shop.aws("personalize").stop_recommender(recommenderArn=top["recommenderArn"])
    shop.file.write_text(yaml.safe_dump(pipeline_file(min_requests_per_second=3)))
    deadline = time.monotonic() + 180
    while "start_top" in {entry["task_id"] for entry in shop.airflow.get(f"/dags/{RETRAIN}/tasks")["tasks"]}:
        assert time.monotonic() < deadline
        time.sleep(2)
    shop.good()
    assert description_of(shop, "top")["status"] == "INACTIVE"

    # A dry run says what is kept, and what a day of it costs.
    dry = shop.good({"dry_run": True})
    lines = "\n".join(shop.airflow.xcom(RETRAIN, dry["dag_run_id"], "dry_run")["lines"])
    assert "recommender top (aws-ecomm-popular-items-by-views): made, or kept as the file says" in lines
    assert "recommender for-you, a day" in lines
