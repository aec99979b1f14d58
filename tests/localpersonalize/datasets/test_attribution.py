"""Sums of a metric attribution, by hand."""

from __future__ import annotations

import pyarrow as pa

from localpersonalize.datasets.attribution import MetricValue, as_csv, as_table, measure
from localpersonalize.protocol.recommendation_ids import new_id
from localpersonalize.resource_types import AttributedMetric

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
    result = measure([metric], events, items)
    return {(one.event_attribution_source, one.timestamp): one.value for one in result}


def test_windows_and_sources_are_summed_apart() -> None:
    none = ("SOURCE_NAME_UNDEFINED", 0)
    assert measured("SAMPLECOUNT()") == {("MAIL", 0): 2, none: 1, ("MAIL", 900): 1}
    assert measured("SUM(Interactions.EVENT_VALUE)") == {("MAIL", 0): 3, none: 0, ("MAIL", 900): 8}


def test_columns_of_items_are_looked_up() -> None:
    assert measured("sum(Items.price)")[("MAIL", 0)] == 110
    assert measured("SUM(Items.PRICE)", None)[("MAIL", 0)] == 0


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


def test_a_recommendation_is_attributed_to_whose_it_was_unless_a_source_is_named() -> None:
    """Source: the developer guide, "Event metrics and attribution reports"."""
    campaigns = [
        "arn:aws:personalize:us-east-1:1:campaign/a",
        "arn:aws:personalize:us-east-1:1:recommender/b",
    ]
    ids = [*map(new_id, campaigns), new_id("arn:of-another-group"), None, new_id(campaigns[0]), "RID-of-old"]
    events = pa.table(
        {
            "ITEM_ID": ["a"] * 6,
            "EVENT_TYPE": ["Buy"] * 6,
            "TIMESTAMP": [0] * 6,
            "RECOMMENDATION_ID": ids,
            "EVENT_ATTRIBUTION_SOURCE": [None, None, None, None, "mail", None],
        }
    )
    metric: AttributedMetric = {"metricName": "countBuys", "eventType": "buy", "expression": "SAMPLECOUNT()"}
    values = measure([metric], events, None, campaigns)
    assert {value.event_attribution_source: value.value for value in values} == {
        campaigns[0]: 1,
        campaigns[1]: 1,
        "MAIL": 1,
        "SOURCE_NAME_UNDEFINED": 3,
    }
    assert {(value.metric_name, value.event_type) for value in values} == {("COUNTBUYS", "BUY")}


def test_events_of_one_request_need_not_have_the_same_members() -> None:
    plain = {"ITEM_ID": "a", "EVENT_TYPE": "buy", "TIMESTAMP": 0}
    events = as_table([plain, {**plain, "EVENT_ATTRIBUTION_SOURCE": "mail"}])
    assert measured("SAMPLECOUNT()", events=events) == {("SOURCE_NAME_UNDEFINED", 0): 1, ("MAIL", 0): 1}
