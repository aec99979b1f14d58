"""What the orchestration adds: a run's wall time beside the time the service itself was busy.

Runs `export_interactions` and twice `retrain_recommenders` on the generated shop through a real Airflow. The
second retraining is measured: a run like every later one, with everything but the jobs already there. The tasks of each
run are listed, with start, wait and work.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks._tasks import show_tasks
from demo import local_aws, product_database, shop
from demo.progress import follow
from demo.settings import Settings
from demo.stack import Stack
from encore.config import DatasetGroup, load_pipeline

Interval = tuple[datetime, datetime]


def main() -> None:
    console = Console(width=120)
    group = load_pipeline().dataset_groups[0]
    with tempfile.TemporaryDirectory(prefix="encore-", ignore_cleanup_errors=True) as folder:
        stack = Stack(Settings.load(Path(folder).resolve()))
        try:
            stack.start(console.print)
            product_database.load(stack.postgres.uri("shop"), shop.generate(), "benchmark")
            _run(stack, group, "export_interactions", console, _history(stack))
            _run(stack, group, "retrain_recommenders", console)
            wall = _run(stack, group, "retrain_recommenders", console)
            jobs = busy(local_aws.client(stack.settings, "personalize"), since=wall[0])
        finally:
            stack.stop()
    report(console, wall, jobs)


def busy(personalize: Any, since: datetime) -> dict[str, Interval]:
    """From creation to the last change of each job that started after `since`, by a readable name."""
    jobs: dict[str, Interval] = {}
    for entry in personalize.list_dataset_import_jobs()["datasetImportJobs"]:
        jobs[f"import {entry['datasetImportJobArn'].split('/')[-1]}"] = _interval(entry)
    for solution in personalize.list_solutions()["solutions"]:
        versions = personalize.list_solution_versions(solutionArn=solution["solutionArn"])["solutionVersions"]
        for entry in versions:
            jobs[f"train {entry['solutionVersionArn'].split('solution/')[-1]}"] = _interval(entry)
    for entry in personalize.list_campaigns()["campaigns"]:
        campaign = personalize.describe_campaign(campaignArn=entry["campaignArn"])["campaign"]
        jobs[f"campaign {entry['name']}"] = _interval(campaign.get("latestCampaignUpdate", campaign))
    return {name: interval for name, interval in jobs.items() if interval[0] >= since}


def union_seconds(intervals: Iterable[Interval]) -> float:
    """Seconds covered by at least one of the intervals."""
    total, end = 0.0, None
    for begin, finish in sorted(intervals):
        if end is None or begin > end:
            total, end = total + (finish - begin).total_seconds(), finish
        elif finish > end:
            total, end = total + (finish - end).total_seconds(), finish
    return total


def report(console: Console, wall: Interval, jobs: dict[str, Interval]) -> None:
    for name, (begin, end) in sorted(jobs.items(), key=lambda job: job[1]):
        offset, seconds = (begin - wall[0]).total_seconds(), (end - begin).total_seconds()
        console.print(f"  {offset:7.1f} s  {seconds:6.1f} s  {name}", highlight=False)
    total = (wall[1] - wall[0]).total_seconds()
    covered, summed = union_seconds(jobs.values()), sum((e - b).total_seconds() for b, e in jobs.values())
    result = {
        "benchmark": "overhead",
        "ours": round(total, 1),
        "peer": round(summed, 1),
        "peer_name": "sum of the service's own job times",
        "ratio": round(total / summed, 2),
        "added_seconds": round(total - summed, 1),
        "seconds_with_a_job_running": round(covered, 1),
    }
    print(json.dumps(result))


def _run(
    stack: Stack, group: DatasetGroup, base: str, console: Console, params: dict[str, str] | None = None
) -> Interval:
    client, dag_id = stack.client(), group.dag_id(base)
    client.wait_for_dag(dag_id)
    client.unpause(dag_id)
    run = follow(client, dag_id, client.trigger(dag_id, params), console, stack.check)
    show_tasks(console, client, dag_id, run["dag_run_id"])
    return datetime.fromisoformat(run["start_date"]), datetime.fromisoformat(run["end_date"])


def _history(stack: Stack) -> dict[str, str]:
    first, last = product_database.history(stack.postgres.uri("shop"))
    return {"from_date": first.isoformat(), "to_date": last.isoformat()}


def _interval(entry: dict[str, Any]) -> Interval:
    return entry["creationDateTime"], entry["lastUpdatedDateTime"]


if __name__ == "__main__":
    main()
