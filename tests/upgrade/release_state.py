"""Everything that a release keeps, made with that release's own code: run by `make_archive`, in a tree of the release.

The service's data directory with its resources, exports with their manifests and a history in its S3, and the pipeline
files; beside them what the release answered.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.support.localpersonalize import live as settings
from tests.support.localpersonalize.live import Live
from tests.support.localpersonalize.shop import NEWEST_TIMESTAMP, RECIPE, Shop

GROUP = "upgrade"
USERS = ("u0", "u7", "u31")


def write(out: Path) -> None:
    """Fill a folder: `data` (of the service), `include`, and `expected.json`."""
    live = Live(out / "data").start()
    try:
        shop = Shop(live).build()
        shop.ranking_campaign()
        solution = live.make(
            "Solution",
            name="related",
            datasetGroupArn=shop["group"],
            recipeArn=RECIPE + "aws-sims",
            performAutoTraining=False,
        )
        version = live.make("SolutionVersion", solutionArn=solution)
        live.make("Campaign", name="related", solutionVersionArn=version)
        put_events(live, shop)
        expected = {"tracking_id": shop["tracking id"], "run": run_pipeline(live, out)}
        expected |= {"answers": answers(live), "resources": resources(live)}
        (out / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True))
    finally:
        live.stop()


def put_events(live: Live, shop: Shop) -> None:
    """One user has seen an item since the last import: it is in no file, only in the service."""
    live.client("personalize-events").put_events(
        trackingId=shop["tracking id"],
        userId="u0",
        sessionId="s",
        eventList=[
            {
                "eventId": "e1",
                "eventType": "Purchase",
                "itemId": "i3",
                "sentAt": NEWEST_TIMESTAMP + 60,
            }
        ],
    )


def run_pipeline(live: Live, out: Path) -> dict[str, Any]:
    """A run of the application's operators on a group of their own, and what the history says of earlier ones."""
    from encore import batch_costs, history
    from encore.deployment.iam import permissions
    from tests.support.past_runs import past_runs
    from tests.support.permitted_account import BUCKET, SCOPE, UNUSED, PermittedAccount, pipeline
    from tests.support.permitted_run import SQL, PermittedRun, make_database

    include = out / "include"
    for name, content in (
        ("schemas/interactions.json", json.dumps({**UNUSED, "fields": UNUSED["fields"][:3]})),
        ("sql/interactions.sql", SQL),
        ("pipeline.yaml", pipeline(GROUP).model_dump_json(by_alias=True, exclude_unset=True)),
    ):
        (include / name).parent.mkdir(parents=True, exist_ok=True)
        (include / name).write_text(content)
    shutil.copytree("include", out / "shipped_include")
    os.environ["ENCORE_INCLUDE"] = str(include)
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = connection(live)
    os.environ["AIRFLOW_CONN_PRODUCT_DB"] = make_database(out / "product.db")
    PermittedAccount(SimpleNamespace(client=live.client)).apply(permissions(pipeline(GROUP), SCOPE))
    run = PermittedRun(pipeline(GROUP).dataset_groups[0])
    for step in (run.preflight, run.load, run.train, run.ask_in_batch):
        step()
    rows = past_runs(12)
    history.append(live.s3, BUCKET, GROUP, "release", rows)
    cost = {"recorded_at": "2026-03-01T04:00:00+00:00", "job": "all", "lines": 50, "usd": 0.25}
    batch_costs.write(live.s3, BUCKET, GROUP, "release-all", cost)
    written = [
        {"solution": row["solution"], "outcome": row["outcome"], "metrics": row["metrics"]} for row in rows
    ]
    return {"history": written, "version": run.version, "campaign": run.campaign}


def connection(live: Live) -> str:
    extra = {"region_name": settings.REGION, "endpoint_url": live.endpoint}
    return json.dumps(
        {"conn_type": "aws", "login": settings.KEY, "password": settings.SECRET, "extra": extra}
    )


def answers(live: Live) -> dict[str, Any]:
    """What every campaign recommends: to users, about items, as a ranking; with a filter where the group has one."""
    runtime, campaigns = live.client("personalize-runtime"), live.personalize.list_campaigns()["campaigns"]
    said: dict[str, Any] = {}
    for campaign in sorted(campaigns, key=lambda entry: entry["name"]):
        arn, name = campaign["campaignArn"], campaign["name"]
        for user in USERS:
            if name == "rank":
                ranked = runtime.get_personalized_ranking(
                    campaignArn=arn, userId=user, inputList=[f"i{number}" for number in range(12)]
                )["personalizedRanking"]
                said[f"{name} {user}"] = [item["itemId"] for item in ranked]
                continue
            about = {"itemId": f"i{user[1:2]}"} if name == "related" else {"userId": user}
            found = runtime.get_recommendations(campaignArn=arn, numResults=8, **about)["itemList"]
            said[f"{name} {user}"] = [item["itemId"] for item in found]
        if name == "front":
            (colour,) = (f for f in live.personalize.list_filters()["Filters"] if f["name"] == "colour")
            only = {"filterArn": colour["filterArn"], "filterValues": {"COLOUR": '"red"'}}
            found = runtime.get_recommendations(campaignArn=arn, userId="u0", numResults=8, **only)[
                "itemList"
            ]
            said[f"{name} without red"] = [item["itemId"] for item in found]
    return said


def resources(live: Live) -> dict[str, str]:
    """The status of everything that can be listed, by ARN."""
    found: dict[str, str] = {}
    for listing in (
        "dataset_groups",
        "datasets",
        "dataset_import_jobs",
        "solutions",
        "solution_versions",
        "campaigns",
        "filters",
        "event_trackers",
        "batch_inference_jobs",
        "schemas",
    ):
        answer = getattr(live.personalize, f"list_{listing}")()
        (entries,) = (value for value in answer.values() if isinstance(value, list))
        kind, *words = listing[:-1].split("_")
        key = kind + "".join(map(str.title, words)) + "Arn"
        found |= {entry[key]: entry.get("status", "") for entry in entries}
    return found


if __name__ == "__main__":
    import tests.conftest  # noqa: F401  Airflow's environment, before anything imports it

    write(Path(sys.argv[1]).resolve())
