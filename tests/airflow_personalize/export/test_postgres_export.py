"""Whole exports out of a real PostgreSQL: what the database counts is what the summary and the files say."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from airflow_personalize.export.exceptions import ExportError, RuleViolatedError, TooManyRejectedError
from airflow_personalize.export.exporter import Export
from airflow_personalize.export.manifest import DatasetLocation, read
from airflow_personalize.export.partitions import Partition, cut_by_key
from airflow_personalize.export.read.sources import PostgresSource
from airflow_personalize.export.shards import commit_all, plan
from airflow_personalize.export.statistics.summary import Summary
from airflow_personalize.export.validation.contract import Action, Contract, Rule
from airflow_personalize.export.write.multipart import MIB, Sizes

BUCKET = "lake"
JANUARY_1 = Partition("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
QUERY = (
    "SELECT customer AS user_id, product AS item_id, kind AS event_type, stars AS event_value, device, "
    "at AS timestamp FROM events WHERE at >= :start AND at < :end ORDER BY id"
)
BY_KEY = QUERY.replace("ORDER BY", "AND id >= :low AND id < :high ORDER BY")


@pytest.fixture
def events(run_sql):
    """200,000 events over two days; of the first day's, every 1000th has no customer."""
    run_sql("DROP TABLE IF EXISTS events; DROP TYPE IF EXISTS kind")
    run_sql("CREATE TYPE kind AS ENUM ('view', 'buy')")
    run_sql(
        "CREATE TABLE events AS SELECT n AS id, CASE WHEN n % 1000 <> 0 THEN n % 997 END AS customer, "
        "'p' || n % 313 AS product, (CASE WHEN n % 7 = 0 THEN 'buy' ELSE 'view' END)::kind AS kind, "
        "CASE WHEN n % 5 = 0 THEN (n % 6) / 4.0::real END AS stars, NULL::text AS device, "
        "timestamptz '2026-01-01' + n * interval '0.864 s' AS at FROM generate_series(0, 199999) AS n"
    )


@pytest.fixture
def export(s3, postgres, location, interactions_schema):
    def build(**changes):
        settings = {
            "source": PostgresSource(postgres, batch_bytes=1 << 18),
            "client": s3,
            "location": location,
            "schema": interactions_schema,
            "sizes": Sizes(part=5 * MIB, file=1 * MIB),
        }
        return Export(**{**settings, **changes})

    return build


@pytest.fixture
def rows_of(text_of):
    def read(files):
        for file in files:
            yield from csv.reader(io.StringIO(text_of(file["key"]).split("\n", 1)[1]))

    return read


def test_the_summary_agrees_with_the_databases_own_counts(export, events, run_sql, rows_of):
    summary = export().run(QUERY, JANUARY_1)

    [(read, written, users, items, first, last)] = run_sql(
        "SELECT count(*), count(customer), count(DISTINCT customer), "
        "count(DISTINCT product) FILTER (WHERE customer IS NOT NULL), "
        "floor(extract(epoch from min(at) FILTER (WHERE customer IS NOT NULL))), "
        "floor(extract(epoch from max(at) FILTER (WHERE customer IS NOT NULL))) "
        "FROM events WHERE at < '2026-01-02Z'"
    )
    assert (summary.rows_read, summary.rows_written) == (read, written)
    assert summary.rejected == {"missing_value": read - written}
    assert (summary.distinct_users, summary.distinct_items) == (users, items)
    assert (summary.min_timestamp, summary.max_timestamp) == (first, last)
    expected = run_sql(
        "SELECT customer::text, product, kind::text, coalesce(stars::text, ''), '', "
        "floor(extract(epoch from at))::text FROM events "
        "WHERE at < '2026-01-02Z' AND customer IS NOT NULL ORDER BY id"
    )
    assert [tuple(row) for row in rows_of(summary.files)] == expected


def test_every_file_has_a_header_and_the_files_add_up(export, events, s3, text_of):
    summary = export().run(QUERY, JANUARY_1)

    texts = [text_of(file["key"]) for file in summary.files]
    assert len(texts) > 1
    assert all(text.startswith("user_id,item_id,event_type,event_value,device,timestamp\n") for text in texts)
    assert [text.count("\n") - 1 for text in texts] == [file["rows"] for file in summary.files]
    assert [len(text.encode()) for text in texts] == [file["bytes"] for file in summary.files]
    assert sum(file["bytes"] for file in summary.files) == summary.bytes


def test_big_files_go_up_in_parts(export, events, s3):
    query = QUERY.replace("NULL::text AS device", "device").replace("device", "repeat('x', 400) AS device")

    summary = export(sizes=Sizes(part=5 * MIB, file=64 * MIB)).run(query, JANUARY_1)

    [file] = summary.files
    assert summary.parts == 9
    assert s3.head_object(Bucket=BUCKET, Key=file["key"])["ETag"].endswith('-9"')
    assert s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def test_the_same_rows_have_the_same_content_hash_and_others_another(export, events, run_sql):
    first, second = (export().run(QUERY, JANUARY_1) for _ in range(2))
    run_sql("UPDATE events SET product = 'other' WHERE id = 500")
    third = export().run(QUERY, JANUARY_1)

    assert first.content_hash == second.content_hash != third.content_hash
    assert first.attempt != second.attempt


def test_rejected_rows_are_kept_with_reason_number_and_values(export, events, keys, text_of):
    summary = export().run(QUERY, JANUARY_1)

    [key] = keys("encore/rejected/interactions/dt=2026-01-01/")
    assert summary.rejected_location + "rejected-00000.csv" == f"s3://{BUCKET}/{key}"
    rejected = list(csv.DictReader(io.StringIO(text_of(key))))
    assert len(rejected) == summary.rows_rejected == 100
    assert rejected[1] == {
        "reason": "missing_value",
        "field": "user_id",
        "row": "1001",
        "user_id": "",
        "item_id": "p61",
        "event_type": "view",
        "event_value": "1.0",
        "device": "",
        "timestamp": "2026-01-01 00:14:24+00:00",
    }


def test_above_the_limit_the_partition_stays_as_it_was(export, events, s3, location, run_sql):
    before = export().run(QUERY, JANUARY_1)
    run_sql("UPDATE events SET product = '' WHERE id % 50 = 1")

    with pytest.raises(TooManyRejectedError) as failure:
        export().run(QUERY, JANUARY_1)

    message = str(failure.value)
    assert "2,100 of 100,000 rows (2.10%) rejected, the limit is 1.00%" in message
    assert "missing_value 2,100" in message
    assert message.count("row ") == 3
    assert read(s3, location, "dt=2026-01-01").attempt == before.attempt


def test_stop_ends_at_the_first_bad_row(export, events, keys):
    contract = Contract(rules={Rule.MISSING_VALUE: Action.STOP})

    with pytest.raises(RuleViolatedError, match="row 1 of the query, field 'user_id'"):
        export(contract=contract).run(QUERY, JANUARY_1)

    assert keys("encore/interactions/") == []


def test_an_error_of_the_database_leaves_nothing_behind(export, events, keys, s3):
    broken = QUERY.replace("customer AS", "1 / (150000 - id) * 0 + customer AS").replace(
        "at < :end", "at < 'infinity'"
    )

    with pytest.raises(Exception, match="division by zero"):
        export().run(broken, JANUARY_1)

    assert [key for key in keys() if key.endswith("_manifest.json")] == []
    assert s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def test_an_empty_partition_is_a_partition_without_files(export, events, s3, location):
    empty = Partition("2020-01-01", datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC))

    summary = export().run(QUERY, empty)

    assert (summary.rows_read, summary.files) == (0, [])
    assert summary.manifest == f"s3://{BUCKET}/encore/interactions/dt=2020-01-01/_manifest.json"


@pytest.mark.parametrize("shards", [1, 4])
def test_slices_together_are_the_partition(export, events, s3, location, postgres, rows_of, shards):
    whole = export().run(QUERY, JANUARY_1)
    slices = plan(
        JANUARY_1, shards, PostgresSource(postgres), "SELECT min(id), max(id) FROM events WHERE at < :end"
    )

    written = [export().run(BY_KEY, part) for part in reversed(slices)]
    [merged] = commit_all(s3, location, [Summary.from_dict(part.to_dict()) for part in written], 0.01)

    assert sorted(rows_of(merged.files)) == sorted(rows_of(whole.files))
    assert (merged.rows_read, merged.rejected) == (whole.rows_read, whole.rejected)
    assert (merged.distinct_users, merged.distinct_items) == (whole.distinct_users, whole.distinct_items)
    assert (merged.min_timestamp, merged.max_timestamp) == (whole.min_timestamp, whole.max_timestamp)


def test_slices_change_nothing_until_all_are_there(export, events, s3, location):
    before = export().run(QUERY, JANUARY_1)
    slices = plan(JANUARY_1, 3)
    written = [export().run(QUERY, part) for part in slices]

    with pytest.raises(ExportError, match=r"has 3 slices, but \[0, 2\] came"):
        commit_all(s3, location, [written[0], written[2]], 0.01)

    assert read(s3, location, "dt=2026-01-01").attempt == before.attempt


def test_an_id_in_two_slices_of_a_dataset_of_unique_ids_stops_it(export, s3, items_schema, postgres):
    location = DatasetLocation(BUCKET, "encore", "items")
    query = (
        "SELECT 'i' || (n % 15) AS item_id, NULL::text AS genres, 1.5::float8 AS price, true AS in_stock, "
        "1 AS stars, NULL::text AS description, NULL::bigint AS creation_timestamp "
        "FROM generate_series(1, 20) AS n WHERE n >= :low AND n < :high"
    )
    slices = cut_by_key(Partition("full", attempt="a"), 1, 20, 2)
    written = [export(location=location, schema=items_schema).run(query, part) for part in slices]

    with pytest.raises(ExportError, match="5 ids are in more than one slice"):
        commit_all(s3, location, written, 0.01)


def test_the_export_leaves_pandas_alone(tmp_path):
    """It costs each task half a second and 45 MB; only a fresh process can tell."""
    code = (
        "import sys; from airflow_personalize.export import exporter; exporter.block_pandas(); "
        "import pyarrow as pa; pa.array([1]); assert 'pandas' not in sys.modules; "
        "assert len(pa.table({'a': [1]}).to_pandas()) == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
