"""Sums of a metric attribution, by hand."""

from __future__ import annotations

import pyarrow as pa

from localpersonalize.datasets.attribution import MetricValue, as_csv, measure

EVENTS = pa.table(
    {
        "ITEM_ID": ["a", "b", "a", "x", "a"],
        "EVENT_TYPE": ["buy", "buy", "view", "buy", "buy"],
        "EVENT_VALUE": [1.0, 2.0, 4.0, None, 8.0],
        "TIMESTAMP": [0, 899, 5, 30, 900],
        "EVENT_ATTRIBUTION_SOURCE": ["mail", "mail", "mail", None, "mail"],
    }
)
ITEMS = pa.table({"ITEM_ID": ["a", "b"], "PRICE": [10, 100]})


def measured(
    expression: str, items: pa.Table | None = ITEMS, events: pa.Table = EVENTS
) -> dict[tuple[str, int], float]:
    metric = {"metricName": "m", "eventType": "buy", "expression": expression}
    found = measure([metric], events, items)
    return {(one.event_attribution_source, one.timestamp): one.value for one in found}


def test_windows_and_sources_are_summed_apart() -> None:
    none = ("SOURCE_NAME_UNDEFINED", 0)
    assert measured("SAMPLECOUNT()") == {("mail", 0): 2, none: 1, ("mail", 900): 1}
    assert measured("SUM(Interactions.EVENT_VALUE)") == {("mail", 0): 3, none: 0, ("mail", 900): 8}


def test_columns_of_items_are_looked_up() -> None:
    assert measured("sum(Items.price)")[("mail", 0)] == 110
    assert measured("SUM(Items.PRICE)", None)[("mail", 0)] == 0


def test_without_sources_or_event_types() -> None:
    assert set(measured("SAMPLECOUNT()", events=EVENTS.drop_columns(["EVENT_ATTRIBUTION_SOURCE"]))) == {
        ("SOURCE_NAME_UNDEFINED", 0),
        ("SOURCE_NAME_UNDEFINED", 900),
    }
    assert measured("SAMPLECOUNT()", events=EVENTS.drop_columns(["EVENT_TYPE"])) == {}


def test_the_file_has_the_columns_of_a_report() -> None:
    text = as_csv([MetricValue("m", "buy", 3.0, "sum", "mail", 900)]).decode()
    assert text.replace('"', "").splitlines() == [
        "METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP",
        "m,buy,3,sum,mail,900",
    ]
    assert as_csv([]).decode().startswith('"METRIC_NAME"') or as_csv([]).decode().startswith("METRIC_NAME")
