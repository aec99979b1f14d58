"""Actions and their interactions from the product database to a campaign that recommends them, under `encore iam`."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from typing import Any

import pytest

from encore.config.models import Pipeline
from encore.deployment.iam import permissions
from tests.support.enforced_policies import EnforcedPolicies
from tests.support.permitted_account import SCOPE, PermittedAccount, account, pipeline
from tests.support.permitted_run import PermittedRun

__all__ = ["account"]

pytestmark = pytest.mark.long

NAMESPACE = "com.amazonaws.personalize.schema"
ACTIONS = {
    "type": "record",
    "name": "Actions",
    "namespace": NAMESPACE,
    "fields": [{"name": "ACTION_ID", "type": "string"}, {"name": "VALUE", "type": ["null", "double"]}],
    "version": "1.0",
}
ANSWERS = {
    "type": "record",
    "name": "ActionInteractions",
    "namespace": NAMESPACE,
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ACTION_ID", "type": "string"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}
OFTEN = "join"


def test_actions_are_exported_imported_trained_and_recommended(
    account: PermittedAccount,
    service: Any,
):
    settings = pipeline("next").model_dump(mode="json", by_alias=True)
    group = settings["dataset_groups"][0]
    for kind in ("actions", "action_interactions"):
        group["datasets"][kind] = {"schema": f"schemas/{kind}.json", "sql": f"sql/{kind}.sql"}
    group["solutions"] = [{"name": "next-action", "recipe": "aws-next-best-action"}]
    group["batch"], group["filters"] = None, []
    needed = permissions(Pipeline.model_validate(settings), SCOPE)
    account.apply(needed)
    _fill(json.loads(os.environ["AIRFLOW_CONN_PRODUCT_DB"])["host"])
    ran = PermittedRun(Pipeline.model_validate(settings).dataset_groups[0])
    ran.whole = {
        "actions": ("SELECT id AS action_id, value FROM offers", ACTIONS),
        "action_interactions": (
            "SELECT customer AS user_id, offer AS action_id, kind AS event_type, at AS timestamp FROM answers",
            ANSWERS,
        ),
    }
    with EnforcedPolicies(needed.dags) as enforced:
        ran.load()
        ran.train()  # asks the campaign, too
    assert "personalize:GetActionRecommendations" in enforced.used
    datasets = account.personalize.list_datasets(datasetGroupArn=ran.arn)["datasets"]
    assert {dataset["datasetType"] for dataset in datasets} == {
        "INTERACTIONS",
        "ACTIONS",
        "ACTION_INTERACTIONS",
    }
    answer = service.client("personalize-runtime").get_action_recommendations(
        campaignArn=ran.campaign, userId="u1"
    )["actionList"]
    assert answer[0]["actionId"] == OFTEN
    assert answer[0]["score"] > 0.5 > answer[-1]["score"]


def _fill(database: str) -> None:
    """Three offers; one of them is mostly taken by whoever sees it."""
    now = int(time.time()) - 86_400
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE offers (id TEXT, value REAL)")
        connection.execute("CREATE TABLE answers (customer TEXT, offer TEXT, kind TEXT, at INTEGER)")
        offers = (OFTEN, "download", "call")
        connection.executemany("INSERT INTO offers VALUES (?, ?)", [(offer, 1.5) for offer in offers])
        rows = []
        for number in range(1_500):
            offer = offers[number % 3]
            accepts = (number // 3) % 5 > 0 if offer == OFTEN else (number // 3) % 5 == 0
            rows.append((f"u{number % 50}", offer, "TAKEN" if accepts else "VIEWED", now + number))
        connection.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", rows)
