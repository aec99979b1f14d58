"""What every run has led to: Parquet in S3, one object a run, one row a solution that it was to train.

The object's key comes from the run, so that a run that is recorded again replaces its own rows and no others.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from airflow_personalize.pagination import list_objects

FOLDER = "history/solution_versions"
REPORT_KEY = "history/report.html"  # below the group's prefix, where the report of all runs is drawn
COMPARED_RUNS = 60  # as many of the newest runs are compared with
_THREADS = 8


def schema() -> Any:
    """The columns (pyarrow schema). New ones are added at the end; older files have nulls there."""
    import pyarrow as pa

    numbers = pa.map_(pa.string(), pa.float64())
    counts = pa.map_(pa.string(), pa.int64())
    return pa.schema(
        [
            ("recorded_at", pa.timestamp("us", "UTC")),  # the run's own time, not the clock's
            ("dataset_group", pa.string()),
            ("dag_id", pa.string()),
            ("run_id", pa.string()),
            ("run_type", pa.string()),
            ("solution", pa.string()),
            ("recipe", pa.string()),
            ("solution_version_arn", pa.string()),  # null where the run failed before there was one
            ("trained_by", pa.string()),  # MANUAL or AUTOMATIC, the service's words
            ("training_mode", pa.string()),
            ("training_hours", pa.float64()),
            ("hyperparameters", pa.string()),  # JSON
            ("metrics", numbers),
            ("live_version_arn", pa.string()),  # before the decision
            ("live_metrics", numbers),
            ("popularity_metrics", numbers),
            ("verdict", pa.string()),  # promote, ask, hold; empty where the gate was not reached
            ("outcome", pa.string()),  # promoted, held, failed
            ("reason", pa.string()),
            ("rows", counts),  # by dataset
            ("bytes", pa.int64()),
            ("held_out_users", pa.int64()),
            ("fingerprint", pa.string()),  # of the interactions
            ("seconds", numbers),  # by step
            ("cost_usd", pa.float64()),  # this version's share of the run
            ("code_version", pa.string()),
            ("import_mode", pa.string()),
            ("as_of", pa.string()),  # the day up to which history was imported, where a person has chosen one
            # JSON, by dataset: of users and items, and of the newest day of interactions
            ("profiles", pa.string()),
            ("insights", pa.string()),  # JSON, a list of sentences
            ("history_days", pa.int64()),  # days of interactions that the run exported before its import
            ("campaign_usd_a_day", pa.float64()),  # not in `cost_usd`: a day may have several runs
            ("failed_task", pa.string()),  # the first that was in the way of a solution that failed
            ("link", pa.string()),  # to that task's log
            ("data_until", pa.string()),  # the newest day of interactions that was imported
            (
                "comparison",
                pa.string(),
            ),  # JSON: `encore.comparison.compare.Compared`, and the days it is judged by
            ("live_from", pa.timestamp("us", "UTC")),  # by the clock, of what was promoted
            ("unused", pa.string()),  # JSON, a list of sentences: what is paid for and not used
        ]
    )


def key(prefix: str, run_id: str) -> str:
    """The S3 key of a run's rows."""
    return f"{prefix.strip('/')}/{FOLDER}/{file_name(run_id)}.parquet"


def file_name(run_id: str) -> str:
    """A run's id as part of a key."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", run_id)


def to_parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as a Parquet file.

    :raises KeyError: for a column that the schema does not have.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = schema()
    if unknown := {name for row in rows for name in row} - set(columns.names):
        raise KeyError(f"the history has no column {', '.join(sorted(unknown))}")
    complete = [{name: _storable(row.get(name)) for name in columns.names} for row in rows]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(complete, schema=columns), out, compression="zstd")
    return out.getvalue()


def from_parquet(content: bytes) -> list[dict[str, Any]]:
    """The rows of a file, maps as dicts; columns that an older file lacks are None."""
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(content))
    names = schema().names
    return [{name: _readable(row.get(name)) for name in names} for row in table.to_pylist()]


def append(client: Any, bucket: str, prefix: str, run_id: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Write a run's rows; returns where they are."""
    name = key(prefix, run_id)
    client.put_object(Bucket=bucket, Key=name, Body=to_parquet(rows))
    return f"s3://{bucket}/{name}"


def read(client: Any, bucket: str, prefix: str, *, newest: int | None = None) -> list[dict[str, Any]]:
    """All rows, oldest first.

    :param newest: only the objects written last, so many
    """
    objects = sorted(
        list_objects(client, bucket, f"{prefix.strip('/')}/{FOLDER}/"),
        key=lambda entry: entry["LastModified"],
    )
    keys = [entry["Key"] for entry in objects if entry["Key"].endswith(".parquet")]
    keys = keys[-newest:] if newest else keys
    with ThreadPoolExecutor(_THREADS) as pool:
        files = pool.map(lambda name: client.get_object(Bucket=bucket, Key=name)["Body"].read(), keys)
        rows = [row for content in files for row in from_parquet(content)]
    return sorted(rows, key=lambda row: (row["recorded_at"], row["solution"]))


def metrics_of(
    past: Sequence[Mapping[str, Any]], solution: str, before: datetime | None = None
) -> list[dict[str, float]]:
    """The metrics of a solution's recorded versions, oldest first; each once, though it may have gone live again."""
    versions = {
        row["solution_version_arn"]: row["metrics"]
        for row in past
        if row["solution"] == solution and row["metrics"] and (before is None or row["recorded_at"] < before)
    }
    return list(versions.values())


def never_went_live(past: Sequence[Mapping[str, Any]]) -> set[str]:
    """ARNs of the versions that were held, or that failed."""
    versions = [row for row in past if row["solution_version_arn"]]
    live = {row["solution_version_arn"] for row in versions if row["outcome"] == "promoted"}
    return {row["solution_version_arn"] for row in versions} - live


def data_until(past: Sequence[Mapping[str, Any]], version_arn: str) -> str | None:
    """The newest day that a version was trained on, YYYY-MM-DD; None if that was not recorded."""
    days = [row["data_until"] for row in past if row["solution_version_arn"] == version_arn]
    return next((day for day in days if day), None)


def usual_rows(past: Sequence[Mapping[str, Any]], dataset: str) -> list[int]:
    """How many rows of a dataset each earlier run imported, oldest first.

    A run that only added days, or that left out the newest ones, says nothing of how many rows are usual.
    """
    whole = [
        row
        for row in past
        if row["rows"] and row.get("import_mode") != "INCREMENTAL" and not row.get("as_of")
    ]
    runs = {row["run_id"]: row["rows"].get(dataset) for row in whole}
    return [rows for rows in runs.values() if rows is not None]


def profiles(past: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What each earlier run recorded of its data by dataset, oldest first; one that left out the newest days, nothing.

    Each has `recorded_at` beside its datasets.
    """
    runs = {
        row["run_id"]: (row["recorded_at"], row["profiles"])
        for row in past
        if row.get("profiles") and not row.get("as_of")
    }
    return [{"recorded_at": when, **json.loads(written)} for when, written in runs.values()]


def last_sentences(past: Sequence[Mapping[str, Any]], column: str) -> list[str]:
    """What the last run that recorded any has said in a column of sentences: `insights` or `unused`."""
    written = [row[column] for row in past if row.get(column)]
    sentences: list[str] = json.loads(written[-1]) if written else []
    return sentences


def _storable(value: Any) -> Any:
    return list(value.items()) if isinstance(value, Mapping) else value


def _readable(value: Any) -> Any:
    return dict(value) if isinstance(value, list) else value
