"""The reports that the service writes to S3 when an import asks for them.

A report of a FULL import has the windows of all that was imported, one of an INCREMENTAL import those of what it added.
So the newest FULL report counts, and what INCREMENTAL imports have added since. Source: the developer guide, "Measuring
impact of recommendations": the files' names, their columns, and windows of 15 minutes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from airflow_personalize.pagination import list_objects
from encore.online.readings import hour_of

NAME = re.compile(r"AggregatedAttributionMetrics\s*-\s*(?P<mode>FULL|INCREMENTAL)\s*-\s*(?P<time>\d+)\.csv$")


def read(s3: Any, bucket: str, folder: str, since: datetime) -> dict[tuple[str, str, datetime], float]:
    """The sums by metric, source and hour.

    :param folder: key prefix of the reports
    :raises botocore.exceptions.ClientError: if they may not be read
    """
    sums: dict[tuple[str, str, datetime], float] = {}
    for key in current([entry["Key"] for entry in list_objects(s3, bucket, folder)]):
        text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        for row in csv.DictReader(io.StringIO(text)):
            hour = hour_of(float(row["TIMESTAMP"]))
            if hour >= since:
                at = row["METRIC_NAME"].upper(), row["EVENT_ATTRIBUTION_SOURCE"], hour
                sums[at] = sums.get(at, 0.0) + float(row["VALUE"] or 0)
    return sums


def current(keys: Sequence[str]) -> list[str]:
    """The reports that count: the newest of a FULL import, and those of INCREMENTAL ones after it."""
    reports = sorted(
        (int(match["time"]), match["mode"], key) for key in keys if (match := NAME.search(key.split("/")[-1]))
    )
    full = max((number for number, (_, mode, _) in enumerate(reports) if mode == "FULL"), default=0)
    return [key for _, _, key in reports[full:]]
