"""A pipeline file of 200 dataset groups: reading it, parsing and serializing its DAGs, the page, and a real Airflow.

Beside it the same with one group, in one run. The page's Airflow answers at once, so that the page's own work is seen.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from benchmarks.live_service import BUCKET, KEY, REGION, SECRET, LiveService
from benchmarks.parsing import ROOT

KNOWN_SECONDS = 1_800
IDLE_SECONDS = 60
#: The second parse counts: a DAG processor has imported the modules before it forks. What the scheduler reads of a DAG
#: that has a run is what was written.
PARSE = """
import json, sys, time
from airflow.dag_processing.dagbag import DagBag
from airflow.plugins_manager import get_plugin_info
from airflow.serialization.serialized_objects import DagSerialization
get_plugin_info()
for _ in range(2):
    begun = time.process_time()
    bag = DagBag(dag_folder=sys.argv[1])
    built = time.process_time()
assert bag.dags and not bag.import_errors, bag.import_errors
texts = [json.dumps(DagSerialization.to_dict(dag)) for dag in bag.dags.values()]
written = time.process_time()
DagSerialization.from_dict(json.loads(texts[0]))
read = time.process_time()
figures = {"build": built - begun, "serialize": written - built, "read_one": read - written}
figures["mb"] = sum(map(len, texts)) / 1e6
print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
"""


def pipeline_file(folder: Path, groups: int) -> Path:
    """The project's own group, so many times."""
    shipped = yaml.safe_load((ROOT / "include" / "pipeline.yaml").read_text())
    (group,) = shipped["dataset_groups"]
    own = [
        {**group, "name": f"g{number}", "dag_suffix": None, "bucket": BUCKET, "prefix": f"g{number}"}
        for number in range(groups)
    ]
    file = folder / f"pipeline-{groups}.yaml"
    quotas = {**shipped.get("quotas", {}), "dataset_groups": groups}
    file.write_text(yaml.safe_dump({**shipped, "dataset_groups": own, "quotas": quotas}))
    return file


def parsed(file: Path) -> dict[str, Any]:
    """By DAG file what one parse costs: processor seconds to build and to serialize, and MB in the database."""
    os.environ["ENCORE_PIPELINE"] = str(file)
    files = {
        entry.name: _in_a_process(entry) for entry in sorted((ROOT / "dags").glob("*.py")) if _has_dags(entry)
    }
    from encore.config import load_pipeline

    started = time.process_time()
    load_pipeline(file)
    loading = time.process_time() - started
    return {"load": round(loading, 2), "files": files}


def _in_a_process(file: Path) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PARSE, str(file)], capture_output=True, text=True, check=True
    )
    figures: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return figures


def _has_dags(file: Path) -> bool:
    return file.name != "judge_experiment.py"  # the shipped group has no experiment


def pages(file: Path, service: LiveService) -> dict[str, Any]:
    """Seconds of the page of all groups, and of one group's, each with runs in its history."""
    os.environ["ENCORE_PIPELINE"] = str(file)
    extra = {"region_name": REGION, "endpoint_url": service.endpoint}
    account = {"conn_type": "aws", "login": KEY, "password": SECRET, "extra": extra}
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps(account)
    from encore import history
    from encore.config import load_pipeline
    from tests.support.past_runs import past_runs
    from tests.support.planted_airflow import PlantedAirflow

    groups, s3 = load_pipeline(file).dataset_groups, service.client("s3")
    for group in groups:
        history.append(s3, group.bucket, group.prefix, "r", past_runs(10))
    airflow = PlantedAirflow({dag_id for group in groups for dag_id in group.dag_ids})
    browser = airflow.page()

    def timed(path: str) -> dict[str, float]:
        """Wall and processor seconds of the API server's process, the least of two."""
        spent = []
        for _ in range(2):
            started, processor = time.perf_counter(), time.process_time()
            answer = browser.get(path)
            assert answer.status_code == 200, answer.text
            spent.append((time.perf_counter() - started, time.process_time() - processor))
        return {"seconds": round(min(spent)[0], 2), "processor": round(min(spent)[1], 2)}

    return {"all groups": timed("/encore/?choose=true"), "one group": timed("/encore/groups/g0")}


def airflow(file: Path) -> dict[str, Any]:
    """A real Airflow: seconds until it knows every DAG; what scheduler and DAG processor then take of a processor while
    nothing runs; and seconds from a trigger to the begin of a run's first task.
    """
    import psutil

    from demo.settings import Settings
    from demo.stack import Stack
    from encore.config import load_pipeline

    groups = load_pipeline(file).dataset_groups
    dag_count = sum(len(group.dag_ids) for group in groups)
    with tempfile.TemporaryDirectory(prefix="encore-", ignore_cleanup_errors=True) as home:
        stack = Stack(Settings.load(Path(home)), airflow_env={"ENCORE_PIPELINE": str(file)})
        begun = time.monotonic()
        stack.start()
        try:
            client = stack.client()
            while client.get("/dags", limit=1)["total_entries"] < dag_count:
                stack.check()
                assert time.monotonic() < begun + KNOWN_SECONDS, client.import_errors()
                time.sleep(1)
            known = time.monotonic() - begun
            assert stack.airflow is not None
            parts = {
                process.name.removeprefix("airflow "): psutil.Process(process.popen.pid)
                for process in stack.airflow.processes
            }
            retraining = groups[0].dag_id("retrain_recommenders")
            before = {name: sum(part.cpu_times()[:4]) for name, part in parts.items()}
            time.sleep(IDLE_SECONDS)
            shares = {
                name: round((sum(part.cpu_times()[:4]) - before[name]) / IDLE_SECONDS, 2)
                for name, part in parts.items()
            }
            return {
                "dags": dag_count,
                "known after": round(known),
                "processors": shares,
                "scheduler mb": round(parts["scheduler"].memory_info().rss / 1e6),
                "first task after": [_seconds_to_first_task(client, retraining) for _ in range(3)],
            }
        finally:
            stack.stop()


def _seconds_to_first_task(client: Any, dag_id: str) -> float:
    """From the trigger of a dry run to the begin of its first task."""
    client.unpause(dag_id)
    begun = datetime.now(UTC)
    run_id = client.trigger(dag_id, {"dry_run": True})
    while not (
        started := [t["start_date"] for t in client.task_instances(dag_id, run_id) if t["start_date"]]
    ):
        time.sleep(0.5)
    return round((datetime.fromisoformat(min(started)) - begun).total_seconds(), 1)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=200)
    parser.add_argument("--only", choices=("parse", "page", "airflow"))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        service = LiveService(folder)
        service.start()
        try:
            service.client("s3").create_bucket(Bucket=BUCKET)
            steps: dict[str, Callable[[Path], Any]] = {
                "parse": parsed,
                "page": lambda file: pages(file, service),
                "airflow": airflow,
            }
            for step, measure in steps.items():
                if options.only in (None, step):
                    for groups in (1, options.groups):
                        print(
                            json.dumps(
                                {"step": step, "groups": groups, **measure(pipeline_file(folder, groups))}
                            )
                        )
        finally:
            service.stop()


if __name__ == "__main__":
    main()
