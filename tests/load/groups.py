"""A pipeline file of 200 dataset groups: reading it, parsing and serializing its DAGs, and the page.

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
from pathlib import Path
from typing import Any

import yaml

from benchmarks.live_service import BUCKET, KEY, REGION, SECRET, LiveService
from benchmarks.parsing import ROOT

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


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=200)
    parser.add_argument("--only", choices=("parse", "page"))
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
