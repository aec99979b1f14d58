"""The data gate on exported days: what it reads, says, returns and stops."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from moto import mock_aws

from airflow_personalize.export.exporter import Export
from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.read.sources import Rows
from airflow_personalize.export.snapshot import create_snapshot
from encore import history
from encore.config.policies import DataGate
from encore.operators.data_gate import PersonalizeDataGateOperator
from tests.support.past_runs import past_runs
from tests.support.shop_days import SCHEMA, Shop

LOCATION = DatasetLocation("lake", "shop", "interactions")
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAYS = 6


class Columns:
    """A database that answers with given columns."""

    dialect = None

    def __init__(self, columns) -> None:
        self.columns = columns

    @contextmanager
    def query(self, statement, parameters):
        yield Rows(list(self.columns), iter([pa.RecordBatch.from_pydict(self.columns)]))


@pytest.fixture
def s3(monkeypatch):
    aws = {"conn_type": "aws", "login": "test", "password": "test", "extra": {"region_name": "us-east-1"}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(aws))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket="lake")
        yield client


def export_days(s3, fault=None, end=TODAY) -> None:
    """Six days of a shop that end at `end`; the last one with a fault."""
    shop = Shop(5)
    for number in range(DAYS):
        start = end - timedelta(days=DAYS - number)
        columns_of = {}

        def store(columns, draw, columns_of=columns_of, fault=fault if number == DAYS - 1 else None):
            columns_of.update(fault(columns, draw) if fault else columns)
            return columns

        shop.day(number, store)
        seconds = pc.add(pc.bit_wise_and(columns_of["TIMESTAMP"], pa.scalar(0xFFFF)), int(start.timestamp()))
        source = Columns({**columns_of, "TIMESTAMP": seconds})
        partition = Partition(start.date().isoformat(), start, start + timedelta(days=1))
        Export(source, s3, LOCATION, SCHEMA).run("SELECT", partition)


def judged(s3, gate=None, **changes):
    snapshot = create_snapshot(s3, LOCATION, "run").to_dict()
    with DAG("d", schedule=None):
        operator = PersonalizeDataGateOperator(
            task_id="data_gate",
            gate=DataGate.model_validate(gate or {}).model_dump(),
            bucket="lake",
            prefix="shop",
            snapshots={"interactions": snapshot},
            exports={},
            import_mode="FULL",
            on_failure="file",
            **changes,
        )
    return operator.execute({"task": SimpleNamespace(inlets=[])})


def nameless(columns, draw):
    return {**columns, "DEVICE": pa.nulls(len(columns["DEVICE"]), pa.string())}


def test_ordinary_days_pass_with_the_newest_days_profile_for_the_history(s3):
    export_days(s3)
    result = judged(s3)
    assert result["passed"], result["text"]
    newest = result["profiles"]["interactions"]
    assert newest["rows"] < result["rows"]["interactions"] / 2
    assert "sample" not in json.dumps(newest)
    assert any("50,000 or more are recommended" in insight for insight in result["insights"])
    yesterday = (TODAY - timedelta(days=1)).date()
    assert f"profile of interactions of {yesterday}" in result["text"]


def test_a_column_that_is_empty_today_stops_the_import_by_name(s3):
    export_days(s3, nameless)
    with pytest.raises(
        AirflowFailException, match=r"share of nulls in DEVICE .* is 100.0% \(usually 3\.\d%\)"
    ):
        judged(s3)
    assert not judged(s3, {"on_failure": "warn"})["passed"]


def test_what_a_run_has_imported_all_the_same_is_usual_from_then_on(s3):
    export_days(s3, nameless)
    let_pass = judged(s3, {"on_failure": "warn"})
    row = {**past_runs(1)[0], "rows": None, "profiles": json.dumps(let_pass["profiles"])}
    history.append(s3, "lake", "shop", "warned", [row])
    assert judged(s3)["passed"]


def test_old_data_is_refused_and_taken_when_a_person_asks_for_that_day(s3):
    end = TODAY - timedelta(days=10)
    export_days(s3, end=end)
    with pytest.raises(AirflowFailException, match="newest interaction"):
        judged(s3)
    assert judged(s3, as_of=(end - timedelta(days=1)).date().isoformat())["passed"]


def test_partitions_of_before_there_were_profiles_are_no_error(s3):
    export_days(s3)
    for entry in s3.list_objects_v2(Bucket="lake", Prefix="shop/interactions/")["Contents"]:
        if entry["Key"].endswith("_manifest.json"):
            manifest = json.loads(s3.get_object(Bucket="lake", Key=entry["Key"])["Body"].read())
            del manifest["profile"]
            s3.put_object(Bucket="lake", Key=entry["Key"], Body=json.dumps(manifest).encode())
    result = judged(s3)
    assert result["passed"]
    assert result["profiles"] == {}
