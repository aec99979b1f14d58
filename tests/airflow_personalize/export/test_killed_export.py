"""An export that is killed at any moment leaves the old partition or the new one, never something between."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import boto3
import pytest
from moto.server import ThreadedMotoServer

from airflow_personalize.export.exporter import Export
from airflow_personalize.export.manifest import DatasetLocation, read
from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.read.sources import PostgresSource
from airflow_personalize.export.schema.avro import load_schema
from airflow_personalize.export.snapshot import create_snapshot

ROWS = 120_000

SCHEMA = "include/schemas/interactions.json"
QUERY = (
    "SELECT n AS user_id, n % 97 AS item_id, '{version}' AS event_type, NULL::real AS event_value, "
    "(1767225600 + n / 2)::bigint AS timestamp FROM generate_series(1, {rows}) AS n ORDER BY n"
)
CHILD = """
import sys
import boto3
from airflow_personalize.export.exporter import Export
from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.schema.avro import load_schema
from airflow_personalize.export.read.sources import PostgresSource
from airflow_personalize.export.write.multipart import MIB, Sizes
endpoint, conninfo, schema, query = sys.argv[1:]
keys = dict(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
client = boto3.client("s3", endpoint_url=endpoint, **keys)
export = Export(
    PostgresSource(conninfo, batch_bytes=1 << 16), client, DatasetLocation("lake", "encore", "interactions"),
    load_schema(schema), sizes=Sizes(part=5 * MIB, file=MIB // 4),
)
print("ready", flush=True)
export.run(query, Partition("2026-01-01"))
print("done", flush=True)
"""


@pytest.fixture
def endpoint():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(endpoint):
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    s3 = boto3.client("s3", endpoint_url=endpoint, **keys)
    s3.create_bucket(Bucket="lake")
    return s3


def start(endpoint, postgres, version):
    arguments = [endpoint, postgres, SCHEMA, QUERY.format(version=version, rows=ROWS)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["plugins", *sys.path])}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "ready\n"
    return child


def imported(client, location, run):
    """Each version's rows in what an import would read now, and the users in it."""
    prefix = create_snapshot(client, location, run).location.removeprefix("s3://lake/")
    keys = [entry["Key"] for entry in client.list_objects_v2(Bucket="lake", Prefix=prefix)["Contents"]]
    bodies = [client.get_object(Bucket="lake", Key=key)["Body"].read().decode() for key in keys]
    rows = [line.split(",") for body in bodies for line in body.splitlines()[1:]]
    return {row[2] for row in rows}, sorted(int(row[0]) for row in rows)


def test_a_killed_export_run_again_leaves_the_partition_whole(client, endpoint, postgres):
    location, chance = DatasetLocation("lake", "encore", "interactions"), random.Random()
    Export(PostgresSource(postgres), client, location, load_schema(SCHEMA)).run(
        QUERY.format(version="v0", rows=ROWS), Partition("2026-01-01")
    )
    everyone, killed = list(range(1, ROWS + 1)), 0
    for attempt in range(1, 5):
        child = start(endpoint, postgres, f"v{attempt}")
        time.sleep(chance.uniform(0.0, 0.4))
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL

        versions, users = imported(client, location, f"after-{attempt}")
        assert users == everyone
        assert len(versions) == 1

    assert killed
    repeated = start(endpoint, postgres, "again")
    assert repeated.wait() == 0

    assert imported(client, location, "again") == ({"again"}, everyone)
    manifest = read(client, location, "dt=2026-01-01")
    assert sum(file["rows"] for file in manifest.files) == manifest.rows == ROWS
