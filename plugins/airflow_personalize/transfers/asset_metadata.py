"""What an asset event says about the export that emitted it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context


def describe_outlets(outlets: Iterable[Any], context: Context, summary: Mapping[str, Any]) -> None:
    """Give each outlet's event the sums of the summary and the keys of its partitions."""
    sums = {name: value for name, value in summary.items() if name != "partitions"}
    keys = [partition["key"] for partition in summary["partitions"]]
    for outlet in outlets:
        context["outlet_events"][outlet].extra = {**sums, "partitions": keys}
