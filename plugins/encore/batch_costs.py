"""What batch jobs have cost: one small object in S3 a job and run, which replaces itself where a run is done again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from airflow_personalize.pagination import list_objects
from encore.history import file_name

FOLDER = "history/batch_jobs"


def write(client: Any, bucket: str, prefix: str, name: str, row: Mapping[str, Any]) -> str:
    """Record one job of a run; returns where.

    :param name: of the run and the job
    :param row: `recorded_at` (ISO 8601), `job`, `lines`, `usd`, which may be None, what of it is `unknown`, and the
        `training_hours` of a solution of its own, if it has trained one
    """
    key = f"{prefix.strip('/')}/{FOLDER}/{file_name(name)}.json"
    client.put_object(Bucket=bucket, Key=key, Body=json.dumps(dict(row)).encode())
    return f"s3://{bucket}/{key}"


def read(client: Any, bucket: str, prefix: str, since: date | None = None) -> list[dict[str, Any]]:
    """The records, oldest first, `recorded_at` as a datetime.

    :param since: what was written before this day is not read
    """
    listed = list_objects(client, bucket, f"{prefix.strip('/')}/{FOLDER}/")
    keys = [entry["Key"] for entry in listed if since is None or entry["LastModified"].date() >= since]
    rows = [json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
    for row in rows:
        row["recorded_at"] = datetime.fromisoformat(row["recorded_at"])
    return sorted(rows, key=lambda row: (row["recorded_at"], row["job"]))
