"""Profiles of generated rows, beside what the rows are."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from airflow_personalize.export.statistics.profile import QUANTILES, Profile
from airflow_personalize.export.statistics.profiler import Profiler


def profile_of(schema, table: pa.Table, batch: int = 1000) -> Profile:
    profiler = Profiler(schema)
    for part in table.to_batches(max_chunksize=batch):
        profiler.add(part)
    return profiler.profile()


def interactions(rows: int, seed: int = 1, **columns) -> pa.Table:
    draw = np.random.default_rng(seed)
    devices = np.array(["phone", "tablet", "tv|phone"])[draw.integers(0, 3, rows)]
    made = {
        "user_id": pa.array(draw.integers(0, max(rows // 3, 1), rows)),
        "item_id": pa.array([f"i{n}" for n in draw.integers(0, max(rows // 5, 1), rows)], pa.string()),
        "event_type": pa.array(np.array(["view", "view", "buy"])[draw.integers(0, 3, rows)], pa.string()),
        "event_value": pa.array(draw.normal(10, 2, rows).astype("f4"), mask=draw.random(rows) < 0.3),
        "device": pa.array(devices, pa.string(), mask=draw.random(rows) < 0.1),
        "timestamp": pa.array(1_700_000_000 + draw.integers(0, 86_400, rows)),
    }
    return pa.table({**made, **columns})


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return interactions(1_500)


@pytest.fixture(scope="module")
def profile(table, interactions_schema) -> Profile:
    return profile_of(interactions_schema, table, 400)


def test_a_small_partition_is_profiled_exactly(table, profile):
    assert profile.rows == 1_500
    for name in table.column_names:
        column, values = profile.column(name), table[name].drop_null().to_pylist()
        assert column.nulls == table[name].null_count
        exact = column.flag == "id" or name in ("event_type", "device")
        assert column.distinct == pytest.approx(len(set(values)), rel=1e-9 if exact else 0.15), name
    users = Counter(table["user_id"].to_pylist())
    assert profile.users_with_two == sum(count > 1 for count in users.values())
    assert profile.column("ITEM_ID").top == dict(Counter(table["item_id"].to_pylist()).most_common(50))


def test_numbers_have_their_range_and_quantiles(table, profile):
    values = table["event_value"].drop_null().to_numpy()
    column = profile.column("event_value")
    assert (column.minimum, column.maximum) == (values.min(), values.max())
    expected = np.quantile(values, QUANTILES, method="inverted_cdf")
    assert column.quantiles == pytest.approx(expected, rel=1e-6)


def test_the_mix_of_event_types_is_exact_and_said_to_be_complete(table, profile):
    column = profile.column("EVENT_TYPE")
    assert column.complete
    assert column.top == dict(Counter(table["event_type"].to_pylist()))
    assert not profile.column("ITEM_ID").complete


def test_categories_that_a_bar_separates_count_each(table, profile):
    devices = [entry for entry in table["device"].to_pylist() if entry]
    top = profile.column("device").top
    assert top["phone"] == sum("phone" in entry for entry in devices)
    assert set(top) == {"phone", "tablet", "tv"}


def test_rows_that_are_there_twice_are_counted(table, interactions_schema):
    twice = pa.concat_tables([table, table.slice(0, 100)])
    assert profile_of(interactions_schema, table).repeated_events == 0
    assert profile_of(interactions_schema, twice).repeated_events == 100
    other = table.slice(0, 100).set_column(3, "event_value", pa.array([99.0] * 100, pa.float32()))
    assert profile_of(interactions_schema, pa.concat_tables([table, other])).repeated_events == 0


def test_a_large_partition_is_profiled_closely(interactions_schema):
    table = interactions(200_000)
    twice = pa.concat_tables([table, table.slice(0, 20_000)])
    profile = profile_of(interactions_schema, twice, 30_000)
    assert profile.repeated_events == pytest.approx(20_000, rel=0.15)
    counts = Counter(twice["user_id"].to_pylist())
    assert profile.column("USER_ID").distinct == pytest.approx(len(counts), rel=0.07)
    assert profile.users_with_two == pytest.approx(sum(n > 1 for n in counts.values()), rel=0.08)
    assert profile.column("event_type").top == dict(Counter(twice["event_type"].to_pylist()))
    median = profile.column("event_value").quantiles[10]
    assert median == pytest.approx(10, abs=0.2)


def test_frequent_values_among_many_are_found(interactions_schema):
    many = [f"item {n}" for n in range(20_000)] + ["robot"] * 5_000
    table = interactions(25_000, item_id=pa.array(np.random.default_rng(0).permutation(many), pa.string()))
    column = profile_of(interactions_schema, table).column("item_id")
    value, count = next(iter(column.top.items()))
    assert (value, count) == ("robot", pytest.approx(5_000, rel=0.1))


def test_texts_of_many_values_are_sampled_once_they_are_too_many(items_schema):
    rows = 5_000
    table = pa.table(
        {
            "ITEM_ID": pa.array([f"i{n}" for n in range(rows)]),
            "GENRES": pa.array([f"a|{n}" for n in range(rows)]),
            "PRICE": pa.array(np.arange(rows) / 7),
            "IN_STOCK": pa.array([n % 4 == 0 for n in range(rows)]),
            "STARS": pa.nulls(rows, pa.int32()),
            "DESCRIPTION": pa.array(["long " * 2000] * rows),
            "CREATION_TIMESTAMP": pa.array([None] * (rows - 1) + [1_700_000_000], pa.int64()),
        }
    )
    profile = profile_of(items_schema, table, 600)
    assert profile.users_with_two is None
    assert profile.repeated_events is None
    genres = profile.column("GENRES")
    assert genres.distinct == pytest.approx(rows, rel=0.15)
    assert genres.top["a"] == rows
    assert profile.column("IN_STOCK").top == {"false": 3_750, "true": 1_250}
    assert profile.column("STARS").null_share == 1.0
    assert profile.column("DESCRIPTION").distinct is None
    assert profile.column("CREATION_TIMESTAMP").nulls == rows - 1
    assert profile.column("CREATION_TIMESTAMP").maximum == 1_700_000_000


def test_no_rows_have_a_profile_too(interactions_schema):
    profile = profile_of(interactions_schema, interactions(0))
    assert profile.rows == 0
    assert [column.name for column in profile.columns] == list(interactions_schema.names)
    assert Profile.from_dict(profile.to_dict()).to_dict() == profile.to_dict()


def test_the_largest_numbers_of_their_type_have_a_profile(interactions_schema):
    ends = pa.array([-(2**63), 2**63 - 1, 0, 2**53 + 1])
    profile = profile_of(interactions_schema, interactions(4, timestamp=ends, user_id=ends))
    column = profile.column("timestamp")
    assert (column.minimum, column.maximum) == (-(2**63), 2**63 - 1)
    assert column.distinct == profile.column("user_id").distinct == 4


def test_columns_of_other_types_are_profiled_as_what_their_field_is(interactions_schema):
    plain = interactions(300)
    other = interactions(
        300,
        event_type=plain["event_type"].cast(pa.large_string()),
        device=plain["device"].dictionary_encode(),
        event_value=pa.array([Decimal(n % 4) for n in range(300)]),
        item_id=pa.array(range(300), pa.uint32()),
    )
    profile, expected = profile_of(interactions_schema, other), profile_of(interactions_schema, plain)
    for name in ("event_type", "device"):
        assert profile.column(name).to_dict() == expected.column(name).to_dict()
    assert (profile.column("event_value").maximum, profile.column("event_value").distinct) == (3.0, 4)
    assert profile.column("item_id").distinct == 300
    assert json.dumps(profile.to_dict())
