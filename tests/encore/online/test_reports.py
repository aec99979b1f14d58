"""Reports of metric attributions in S3, as the service names and writes them."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from types import SimpleNamespace

from encore.online import reports

HEADER = "METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP\n"


class Bucket:
    """An S3 client with a few files."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def get_paginator(self, operation):
        entries = [{"Key": key} for key in self.files]
        return SimpleNamespace(paginate=lambda **arguments: [{"Contents": entries}])

    def get_object(self, Bucket, Key):
        return {"Body": io.BytesIO(self.files[Key].encode())}


def test_the_newest_full_report_counts_and_what_was_added_since():
    keys = [
        f"a/AggregatedAttributionMetrics-{name}.csv" for name in ("INCREMENTAL-90", "FULL-100", "FULL-1000")
    ]
    later = ["a/AggregatedAttributionMetrics - INCREMENTAL - 1001.csv", "a/else.csv"]
    assert reports.current([*later, *keys]) == [keys[2], later[0]]
    assert reports.current(keys[:1]) == keys[:1]


def test_windows_of_a_quarter_are_summed_to_hours_and_old_ones_left_out():
    start = 1_772_323_200  # a whole hour
    rows = [
        f'"CLICKS","CLICK",2.0,"samplecount","arn:aws:personalize:r:1:campaign/home",{start}\n',
        f'"CLICKS","CLICK",3.0,"samplecount","arn:aws:personalize:r:1:campaign/home",{start + 900}\n',
        f'"CLICKS","CLICK",9.0,"samplecount","arn:aws:personalize:r:1:campaign/home",{start - 900}\n',
        f'"CLICKS","CLICK",1.0,"samplecount","MAIL, MONDAY",{start + 3600}\n',
    ]
    bucket = Bucket({"a/AggregatedAttributionMetrics-FULL-5.csv": HEADER + "".join(rows)})
    hour = datetime.fromtimestamp(start, UTC)
    assert reports.read(bucket, "b", "a/", hour) == {
        ("CLICKS", "arn:aws:personalize:r:1:campaign/home", hour): 5.0,
        ("CLICKS", "MAIL, MONDAY", hour.replace(hour=hour.hour + 1)): 1.0,
    }
