"""Insights: each of the guide's, on data that has what it is about, and none on data that has not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from airflow_personalize.export.schema.avro import parse_schema
from airflow_personalize.export.statistics.profiler import Profiler
from encore.gates.insights import changed_columns, insights

NAMESPACE = {"namespace": "com.amazonaws.personalize.schema", "version": "1.0", "type": "record"}


def text(name, **flags):
    return {"name": name, "type": ["null", "string"], **flags}


SCHEMAS = {
    "interactions": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "items": [
        {"name": "ITEM_ID", "type": "string"},
        text("GENRE", categorical=True),
        text("ABOUT", textual=True),
        {"name": "PRICE", "type": ["null", "double"]},
    ],
    "users": [{"name": "USER_ID", "type": "string"}, text("REGION", categorical=True)],
}


def profile(dataset, **columns):
    schema = parse_schema({**NAMESPACE, "name": dataset.capitalize(), "fields": SCHEMAS[dataset]})
    profiler = Profiler(schema)
    profiler.add(pa.RecordBatch.from_pydict(columns))
    return profiler.profile()


def interactions(rows=60_000, **changes):
    draw = np.random.default_rng(0)
    made = {
        "USER_ID": pa.array(draw.integers(0, min(2_000, rows), rows)),
        "ITEM_ID": pa.array(draw.integers(0, 300, rows)),
        "EVENT_TYPE": pa.array(["view", "buy"] * (rows // 2)),
        "TIMESTAMP": pa.array(np.arange(rows) + 1_700_000_000),
    }
    return profile("interactions", **{**made, **changes})


def items(count=300, **changes):
    made = {
        "ITEM_ID": pa.array([str(n) for n in range(count)]),
        "GENRE": pa.array([f"g{n % 9}" for n in range(count)]),
        "ABOUT": pa.array(["good"] * count),
        "PRICE": pa.array(np.linspace(1, 9, count)),
    }
    return profile("items", **{**made, **changes})


def users(count=2_000, **changes):
    made = {"USER_ID": pa.array(range(count)), "REGION": pa.array(["north"] * count)}
    return profile("users", **{**made, **changes})


def lines_of(**profiles):
    return insights({dataset: profiles[dataset] for dataset in SCHEMAS if dataset in profiles})


def without(name, profile):
    return replace(profile, columns=[column for column in profile.columns if column.name != name])


def some(values, every):
    return pa.array([None if n % every else value for n, value in enumerate(values)])


def test_good_data_has_none():
    assert lines_of(interactions=interactions(), items=items(), users=users()) == []


@pytest.mark.parametrize(
    ("profiles", "said"),
    [
        ({"interactions": interactions(400)}, "only 400 interactions, training needs 1,000"),
        ({"interactions": interactions(5_000)}, "5,000 interactions; 50,000 or more are recommended"),
        (
            {"interactions": interactions(1_200, USER_ID=pa.array([*range(1_180), *range(20)]))},
            "only 20 users with two or more interactions, training needs 25",
        ),
        (
            {"interactions": interactions(60_000, USER_ID=pa.array(np.arange(60_000) % 70))},
            "70 users with two or more interactions; 1,000 or more",
        ),
        ({"interactions": interactions(), "items": items(600)}, "items: about 50% have no interactions"),
        (
            {"interactions": interactions(), "users": users(4_000)},
            "have no interactions, they get what is popular",
        ),
        ({"items": items(GENRE=some(["a"] * 300, 2))}, "50% of the rows lack a value"),
        ({"items": items(GENRE=some(["a"] * 300, 2))}, "less than 70% complete: GENRE (50%)"),
        (
            {"items": items(PRICE=pa.array([*range(1, 300), 1e9]))},
            "numbers far outside of the others in PRICE",
        ),
        (
            {"items": items(GENRE=pa.array([f"g{n % 40}" for n in range(300)]))},
            "more than 30 categories in GENRE",
        ),
        (
            {"items": items(ABOUT=some(["a"] * 300, 3))},
            "texts less than 85% complete are not used in training: ABOUT (33%)",
        ),
        (
            {"interactions": interactions(EVENT_TYPE=pa.array([f"t{n % 12}" for n in range(60_000)]))},
            "12 event types, training fails with more than 10",
        ),
        (
            {"interactions": interactions(TIMESTAMP=pa.array([1_700_000_000] * 60_000))},
            "all interactions have the same timestamp",
        ),
        (
            {"interactions": interactions(USER_ID=pa.array([0, 0, *range(2, 12)] * 5_000))},
            "of the interactions are of user '0'",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_console_would_say_is_said_before_the_import(profiles, said):
    assert any(said in insight for insight in lines_of(**profiles)), lines_of(**profiles)


def test_repeated_events_are_told_with_their_share():
    rows = np.repeat(np.arange(20_000), 3)
    same = {
        "USER_ID": pa.array(rows % 2_000),
        "ITEM_ID": pa.array(rows % 300),
        "TIMESTAMP": pa.array(rows + 1_700_000_000),
        "EVENT_TYPE": pa.array(["view"] * len(rows)),
    }
    [insight] = lines_of(interactions=interactions(**same))
    assert "of the events are there more than once" in insight
    assert 60 <= float(insight.split("about ")[1].split("%")[0]) <= 73


@pytest.mark.parametrize("made", [interactions, items, users])
def test_columns_that_are_new_or_gone_since_the_last_import_are_named(made):
    whole = made()
    for name in [column.name for column in whole.columns]:
        [new] = changed_columns(whole, without(name, whole))
        assert f"{whole.dataset}: {name} is new" in new
        [gone] = changed_columns(without(name, whole), whole)
        assert f"{whole.dataset}: {name} is no longer exported" in gone
    assert not [*changed_columns(whole, whole), *changed_columns(whole, None)]
