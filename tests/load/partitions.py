"""A thousand days of interactions, a partition each: exported, selected, put together for an import, checked, imported.

    python -m tests.load.partitions

Every step runs in a process of its own, as a task does, with an embedded PostgreSQL and the S3 of `localpersonalize`.
Seconds are by the clock, processor seconds and the peak of memory those of the step's process; of the import, of the
worker that the service gives it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from benchmarks.export import SCHEMA, connections, database
from benchmarks.live_service import BUCKET, KEY, REGION, SECRET, LiveService
from tests.load.sampling import MB, report

FIRST = date(2023, 1, 1)
PREFIX = "shop"
#: As many partitions as a mapped task of `export_interactions` writes.
DAYS_A_TASK = 31
ROWS = """
INSERT INTO events
SELECT n, floor(random() * 5000)::bigint, floor(random() * 2000)::bigint, 'view'::event_kind, NULL,
       timestamptz '{first} 00:00Z' + (n % {days}) * interval '1 day' + random() * interval '23 hours'
FROM generate_series(1, {rows}) AS n
"""
SQL = """
SELECT customer_id AS user_id, product_id AS item_id, kind AS event_type, stars::real AS event_value,
       happened_at AS timestamp
FROM events WHERE happened_at >= :start AND happened_at < :end
"""


def export(days: int) -> Any:
    from airflow_personalize.export.read.sql import JINJA_MARKERS
    from airflow_personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator

    query = SQL.replace(":start", JINJA_MARKERS["start"]).replace(":end", JINJA_MARKERS["end"])
    keys = [(FIRST + timedelta(days=number)).isoformat() for number in range(days + 1)]
    partitions = [{"key": key, "start": key, "end": end} for key, end in itertools.pairwise(keys)]
    for first in range(0, days, DAYS_A_TASK):
        summary = SqlToPersonalizeDatasetOperator(
            task_id="export",
            sql=query,
            schema=SCHEMA.read_text(),
            dataset="interactions",
            bucket=BUCKET,
            prefix=PREFIX,
            partitions=partitions[first : first + DAYS_A_TASK],
        ).execute({"run_id": "load"})
    return {"rows_of_the_last_task": summary["rows_written"]}


def select(_days: int) -> Any:
    """What `history=exported` and an import of held-back days ask: which days an export has finished."""
    from airflow_personalize.export import manifest as manifests
    from airflow_personalize.export.manifest import DatasetLocation
    from airflow_personalize.s3 import s3_client

    location = DatasetLocation(BUCKET, PREFIX, "interactions")
    return {"finished": len(manifests.days(manifests.finished(s3_client("aws_default"), location)))}


def snapshot(_days: int) -> Any:
    from airflow_personalize.transfers.personalize_dataset_snapshot import PersonalizeDatasetSnapshotOperator

    operator = PersonalizeDatasetSnapshotOperator(
        task_id="snapshot", dataset="interactions", bucket=BUCKET, prefix=PREFIX, run_id="load"
    )
    result = operator.execute({"run_id": "load"})
    Path(os.environ["SNAPSHOT"]).write_text(json.dumps(result))
    size = len(json.dumps(result))
    return {"files": result["files"], "rows": result["rows"], "bytes": result["bytes"], "xcom_bytes": size}


def check(_days: int) -> Any:
    from encore.config.policies import DataGate
    from encore.operators.data_gate import PersonalizeDataGateOperator

    put_together = json.loads(Path(os.environ["SNAPSHOT"]).read_text())
    gate = PersonalizeDataGateOperator(
        task_id="data_gate",
        gate=DataGate(on_failure="warn").model_dump(),
        bucket=BUCKET,
        prefix=PREFIX,
        snapshots={"interactions": put_together},
        exports={"interactions": {"rows_read": 1, "rows_rejected": 0}},
        import_mode="FULL",
        on_failure="file",
    )
    return {"rows": gate.execute({"run_id": "load"})["rows"]["interactions"]}  # type: ignore[typeddict-item]


STEPS = {"export": export, "select": select, "snapshot": snapshot, "check": check}


def _step(name: str, days: int) -> None:
    """A step in this process."""
    import airflow.sdk.execution_time.supervisor  # noqa: F401  # what a task's process has imported before

    begun, processor = time.perf_counter(), time.process_time()
    figures = STEPS[name](days)
    seconds, spent = time.perf_counter() - begun, time.process_time() - processor
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = round(int(status["VmHWM"].split()[0]) * 1024 / MB)
    report(seconds=round(seconds, 1), processor_seconds=round(spent, 1), peak_mb=peak, **figures)


def _import(service: LiveService, role: str, location: str) -> None:
    """The import job, and the most that its worker took."""
    personalize = service.client("personalize")
    schema = personalize.create_schema(name="load", schema=SCHEMA.read_text())["schemaArn"]
    group = personalize.create_dataset_group(name="load")["datasetGroupArn"]
    service.wait(lambda: personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"])
    dataset = personalize.create_dataset(
        name="load", schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]
    service.wait(lambda: personalize.describe_dataset(datasetArn=dataset)["dataset"])
    begun, peak = time.perf_counter(), 0
    job = personalize.create_dataset_import_job(
        jobName="load",
        datasetArn=dataset,
        dataSource={"dataLocation": location},
        roleArn=role,
        importMode="FULL",
    )["datasetImportJobArn"]
    assert service.process is not None
    while True:
        family = psutil.Process(service.process.pid).children(recursive=True)
        peak = max([peak, *(_resident(member) for member in family if "worker" in " ".join(_words(member)))])
        described = personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]
        if described["status"] == "ACTIVE":
            break
        assert "FAILED" not in described["status"], described
        time.sleep(0.2)
    report(step="import", seconds=round(time.perf_counter() - begun, 1), peak_mb=round(peak / MB))


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--step", choices=STEPS, help="one alone, in this process")
    options = parser.parse_args(arguments)
    if options.step:
        _step(options.step, options.days)
        return
    with tempfile.TemporaryDirectory(prefix="partitions-") as name, database(0) as (socket, _):
        with psycopg2.connect(f"host={socket} user=postgres dbname=postgres") as connection:
            cursor = connection.cursor()
            cursor.execute(ROWS.format(first=FIRST, days=options.days, rows=options.rows))
            cursor.execute("CREATE INDEX ON events (happened_at)")
        service = LiveService(Path(name))
        service.start()
        try:
            role = service.prepare_account()
            aws = {"conn_type": "aws", "login": KEY, "password": SECRET}
            aws |= {"extra": {"region_name": REGION, "endpoint_url": service.endpoint}}
            environment = {
                **os.environ,
                **connections(socket, service.endpoint),
                "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(aws),
                "SNAPSHOT": str(Path(name) / "snapshot.json"),
            }
            for step in STEPS:
                command = [sys.executable, "-W", "ignore", "-m", "tests.load.partitions", "--step", step]
                command += ["--days", str(options.days)]
                done = subprocess.run(command, env=environment, capture_output=True, text=True)
                assert done.returncode == 0, done.stderr[-3000:]
                report(step=step, days=options.days, **json.loads(done.stdout.splitlines()[-1]))
            put_together = json.loads(Path(environment["SNAPSHOT"]).read_text())
            _import(service, role, put_together["location"])
        finally:
            service.stop()


if __name__ == "__main__":
    main()
