"""Drawing the report of a dataset group anew, from its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from encore import batch_costs, history
from encore.config.models import DatasetGroup
from encore.report import experiments
from encore.report.page import page

if TYPE_CHECKING:
    from encore.online.summary import Online


def online_results(group: DatasetGroup, past: Sequence[Mapping[str, Any]], s3: Any) -> Online | None:
    """What recommendations have led to, where the group has a metric attribution."""
    if group.metric_attribution is None:
        return None
    from encore.online.read import client_of, online

    return online(group, past, client_of(group), s3, datetime.now(UTC))


def draw_report(s3: Any, group: DatasetGroup, log: Any) -> None:
    """The report of all runs, where the tab *Runs* reads it; a run is not spoiled by a drawing that fails."""
    try:
        past = history.read(s3, group.bucket, group.prefix)
        results, experiment = online_results(group, past, s3), experiments.read(s3, group)
        jobs = batch_costs.read(s3, group.bucket, group.prefix)
        html = page(past, group.name, results=results, experiment=experiment, batch=jobs)
        s3.put_object(
            Bucket=group.bucket,
            Key=f"{group.prefix}/{history.REPORT_KEY}",
            Body=html.encode(),
            ContentType="text/html; charset=utf-8",
        )
    except Exception:
        log.exception("The report could not be drawn; python -m encore.report does it by hand.")
