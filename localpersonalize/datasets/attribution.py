"""What recommendations led to: sums of a metric attribution's metrics over events, by what recommended the item.

Source: the developer guide, "Measuring impact of recommendations": windows of 15 minutes, and the columns of a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from localpersonalize.protocol import recommendation_ids
from localpersonalize.resource_types import AttributedMetric

WINDOW_SECONDS = 15 * 60
UNDEFINED_SOURCE = "SOURCE_NAME_UNDEFINED"
SOURCE_COLUMN = "EVENT_ATTRIBUTION_SOURCE"
RECOMMENDATION_COLUMN = "RECOMMENDATION_ID"
METRIC_EXPRESSION = re.compile(
    r"\s*(?P<function>SUM|SAMPLECOUNT)\s*\(\s*(?:(?P<dataset>Items|Interactions)\.(?P<column>\w+))?\s*\)\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class MetricValue:
    """One value of a report. `timestamp`: epoch seconds at which the window begins."""

    metric_name: str
    event_type: str
    value: float
    math_function: str
    event_attribution_source: str
    timestamp: int


def as_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Events as `measure` takes them, with the columns that any of them has."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def measure(
    metrics: Sequence[AttributedMetric],
    events: pa.Table,
    items: pa.Table | None,
    recommenders: Iterable[str] = (),
) -> list[MetricValue]:
    """The metrics of a metric attribution, summed by source in windows of 15 minutes.

    Names of metrics, event types and sources come in capital letters, as the service reports them; ARNs stay.

    :param metrics: as CreateMetricAttribution takes them.
    :param events: EVENT_TYPE, TIMESTAMP, ITEM_ID, and what the metrics sum; EVENT_ATTRIBUTION_SOURCE if there is one.
    :param items: one row an item.
    :param recommenders: ARNs of the campaigns and recommenders that a RECOMMENDATION_ID may be of.
    """
    marks = recommendation_ids.sources(recommenders)
    if "EVENT_TYPE" not in events.column_names:
        return []
    measured = []
    event_types = pc.utf8_lower(events["EVENT_TYPE"].cast(pa.string()))
    for metric in metrics:
        expression = METRIC_EXPRESSION.fullmatch(metric["expression"])
        matching_events = events.filter(pc.equal(event_types, metric["eventType"].lower()))
        if expression is None or not matching_events.num_rows:
            continue
        values = _values(expression, matching_events, items)
        sources = _sources(matching_events, marks)
        seconds = matching_events["TIMESTAMP"].cast(pa.int64())
        window = pc.multiply(pc.divide(seconds, WINDOW_SECONDS), WINDOW_SECONDS)
        table = pa.table({"source": sources, "window": window, "value": values})
        sums = table.group_by(["source", "window"]).aggregate([("value", "sum")]).sort_by("window")
        for row in sums.to_pylist():
            value, function = row["value_sum"], expression["function"].lower()
            measured.append(
                MetricValue(
                    metric["metricName"].upper(),
                    metric["eventType"].upper(),
                    value or 0.0,
                    function,
                    row["source"],
                    row["window"],
                )
            )
    return measured


def as_csv(measured: Sequence[MetricValue]) -> bytes:
    """The file of a report."""
    names = [field.name for field in fields(MetricValue)]
    types = [pa.string(), pa.string(), pa.float64(), pa.string(), pa.string(), pa.int64()]
    columns = list(zip(*map(astuple, measured), strict=True)) or [()] * len(names)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    sink = pa.BufferOutputStream()
    table = pa.table(arrays, names=[name.upper() for name in names])
    pacsv.write_csv(table, sink, pacsv.WriteOptions(quoting_style="needed"))
    report: bytes = sink.getvalue().to_pybytes()
    return report


def _sources(events: pa.Table, marks: Mapping[str, str]) -> list[str]:
    """What recommended the item of each event: the source that it names, else whose recommendation it came from.

    :param marks: campaigns and recommenders, see `localpersonalize.protocol.recommendation_ids`.
    """
    names, ids = _texts(events, SOURCE_COLUMN), _texts(events, RECOMMENDATION_COLUMN)
    recommenders = (marks.get(recommendation_ids.mark_of(text)) if text else None for text in ids)
    return [
        (name if name.startswith("arn:") else name.upper()) if name else recommender or UNDEFINED_SOURCE
        for name, recommender in zip(names, recommenders, strict=True)
    ]


def _texts(events: pa.Table, column: str) -> list[str | None]:
    if column not in events.column_names:
        return [None] * events.num_rows
    texts: list[str | None] = events[column].cast(pa.string()).to_pylist()
    return texts


def _values(expression: re.Match[str], events: pa.Table, items: pa.Table | None) -> Any:
    """What each event adds."""
    column = (expression["column"] or "").upper()
    if not column:
        return pa.array([1.0] * events.num_rows)
    if expression["dataset"].upper() == "INTERACTIONS":
        return events[column].cast(pa.float64())
    if items is None:
        return pa.nulls(events.num_rows, pa.float64())
    rows = pc.index_in(events["ITEM_ID"], value_set=items["ITEM_ID"].combine_chunks())
    return items[column].cast(pa.float64()).take(rows)
