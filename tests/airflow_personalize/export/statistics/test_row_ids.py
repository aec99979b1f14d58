"""A row id in the pipeline file makes rows visible that are in two partitions, or twice in one."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.export.exceptions import SchemaMismatchError
from airflow_personalize.export.exporter import Export
from airflow_personalize.export.partitions import cut_by_key, day
from airflow_personalize.export.read.sources import DbApiSource
from airflow_personalize.export.shards import commit_all
from airflow_personalize.export.snapshot import create_snapshot
from airflow_personalize.transfers.personalize_dataset_snapshot import PersonalizeDatasetSnapshotOperator

DAYS = [day(f"2026-01-0{number}") for number in range(1, 4)]
QUERY = (
    "SELECT id AS event_id, user_id, 'i' AS item_id, 'view' AS event_type, NULL AS event_value, NULL AS device, "
    "seconds AS timestamp FROM events WHERE seconds >= unixepoch(:start) AND seconds < unixepoch(:end)"
)


def identity(kind, number):
    return number if kind == "integer" else str(uuid.uuid5(uuid.NAMESPACE_URL, str(number)))


@pytest.fixture(params=["integer", "text"])
def shop(request, tmp_path, s3, location, interactions_schema):
    """A table of 10 events a day, and its export with a row id."""
    path = tmp_path / "shop.db"

    def run(statement, *values):
        with closing(sqlite3.connect(path)) as connection:
            connection.executemany(statement, values or [()])
            connection.commit()

    run(f"CREATE TABLE events (id {request.param}, user_id text, seconds integer)")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    run(
        "INSERT INTO events VALUES (?, 'u', ?)",
        *[(identity(request.param, n), (start + timedelta(hours=2.4 * n)).timestamp()) for n in range(30)],
    )
    source = DbApiSource(
        lambda: sqlite3.connect(path), "?", text_instants=True, batch_rows=4, dialect="sqlite"
    )
    return run, Export(source, s3, location, interactions_schema, row_id="Event_ID"), request.param


def test_rows_that_are_there_once_are_no_duplicates_and_ids_are_in_no_file(shop, s3, location, text_of):
    _, export, _ = shop
    summaries = [export.run(QUERY, day) for day in DAYS]

    assert create_snapshot(s3, location, "run").to_dict()["duplicates"] == {
        "rows": 0,
        "examples": [],
        "unknown": [],
    }
    header = text_of(summaries[0].files[0]["key"]).splitlines()[0]
    assert header == "user_id,item_id,event_type,event_value,device,timestamp"


def test_a_row_that_moved_to_another_day_after_its_export_is_counted_and_named(shop, s3, location):
    run, export, kind = shop
    export.run(QUERY, DAYS[0])
    run("UPDATE events SET seconds = seconds + 86400 WHERE id = ?", (identity(kind, 7),))
    export.run(QUERY, DAYS[1])

    result = create_snapshot(s3, location, "run").to_dict()["duplicates"]

    assert result["rows"] == 1
    assert result["examples"] == [f"{identity(kind, 7)} in 2026-01-01 and 2026-01-02"]


def test_a_join_that_multiplies_rows_is_seen_within_one_day(shop, s3, location):
    _, export, _ = shop
    export.run(QUERY.replace("FROM events", "FROM events, (SELECT 1 UNION ALL SELECT 2)"), DAYS[0])

    result = create_snapshot(s3, location, "run").to_dict()["duplicates"]

    assert result["rows"] == 10
    assert result["examples"][0].endswith("in 2026-01-01 and 2026-01-01")
    assert len(result["examples"]) == 3


def test_slices_keep_their_ids_for_the_whole_partition(shop, s3, location):
    _, export, _ = shop
    slices = cut_by_key(replace(DAYS[0], attempt="one"), 0, 9, 2)
    sliced = QUERY + " AND :low <= :high"  # each slice is the whole day
    commit_all(s3, location, [export.run(sliced, part) for part in slices], 0.01)

    assert create_snapshot(s3, location, "run").to_dict()["duplicates"]["rows"] == 10


def test_partitions_without_ids_are_named_as_unknown(shop, s3, location):
    _, export, _ = shop
    export.run(QUERY, DAYS[0])
    plain = Export(export.source, s3, location, export.schema)
    plain.run(QUERY.replace("id AS event_id, ", ""), DAYS[1])

    assert create_snapshot(s3, location, "run").to_dict()["duplicates"]["unknown"] == ["2026-01-02"]
    assert create_snapshot(s3, location, "run", keys=["2026-01-02"]).to_dict()["duplicates"] is None


def test_a_row_id_that_the_query_lacks_is_named(shop):
    _, export, _ = shop

    with pytest.raises(SchemaMismatchError, match="column 'Event_ID' is missing, which the dataset's row_id"):
        export.run(QUERY.replace("id AS event_id, ", ""), DAYS[0])


@pytest.mark.parametrize("action", ["warn", "stop"])
def test_the_snapshot_warns_or_stops(shop, s3, location, action, monkeypatch):
    _, export, _ = shop
    export.run(QUERY.replace("FROM events", "FROM events, (SELECT 1 UNION ALL SELECT 2)"), DAYS[0])
    monkeypatch.setattr(PersonalizeDatasetSnapshotOperator, "s3", s3)
    operator = PersonalizeDatasetSnapshotOperator(
        task_id="snapshot",
        dataset="interactions",
        bucket=location.bucket,
        prefix=location.prefix,
        run_id="run",
        minimum=False,
        on_duplicates=action,
    )

    if action == "stop":
        with pytest.raises(AirflowFailException, match="10 rows are there more than once, by their row_id"):
            operator.execute({})
    else:
        assert operator.execute({})["duplicates"]["rows"] == 10
