"""Drawing the report of a dataset group anew, from its history."""

from __future__ import annotations

from typing import Any

from encore import history
from encore.config.models import DatasetGroup


def draw_report(s3: Any, group: DatasetGroup, log: Any) -> None:
    """The report of all runs, where the tab *Runs* reads it; a run is not spoiled by a picture that fails."""
    try:
        from encore.report.page import page

        html = page(history.read(s3, group.bucket, group.prefix), group.name)
        s3.put_object(
            Bucket=group.bucket,
            Key=f"{group.prefix}/{history.REPORT_KEY}",
            Body=html.encode(),
            ContentType="text/html; charset=utf-8",
        )
    except Exception:
        log.exception("The report could not be drawn; python -m encore.report does it by hand.")
