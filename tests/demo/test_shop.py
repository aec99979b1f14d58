"""The generated shop: big enough, the same every time, with patterns to find and dirt to reject."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from demo import shop

LAST_DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def tables():
    return shop.generate(last_day=LAST_DAY)


def test_is_at_least_as_big_as_promised(tables):
    signed_in = tables.events.dropna(subset=["customer_id", "product_id"])
    assert signed_in["customer_id"].nunique() >= 5_000
    assert signed_in["product_id"].nunique() >= 2_000
    assert len(signed_in) >= 200_000
    days = tables.events["happened_at"].dt.floor("D")
    assert days.nunique() == 60
    assert days.max() == pd.Timestamp(LAST_DAY)


def test_the_same_seed_gives_the_same_shop(tables):
    repeated = shop.generate(last_day=LAST_DAY)
    pd.testing.assert_frame_equal(repeated.events, tables.events)
    pd.testing.assert_frame_equal(repeated.products, tables.products)
    assert not shop.generate(seed=8, last_day=LAST_DAY).events.equals(tables.events)


def test_has_the_dirt_of_real_tables(tables):
    events, products = tables.events, tables.products
    assert events["customer_id"].isna().any()
    assert events["product_id"].isna().any()
    assert events.duplicated(["customer_id", "product_id", "kind", "happened_at"]).any()
    assert (~events["product_id"].dropna().isin(products["id"])).any()
    assert tables.customers["born"].isna().any()
    assert products["published_at"].isna().any()
    assert (products["categories"].str.len() == 0).any()


def test_no_product_is_seen_before_it_appears(tables):
    late = tables.products.dropna(subset=["published_at"]).set_index("id")["published_at"]
    late = late[late > tables.events["happened_at"].min()]
    first_seen = tables.events.groupby("product_id")["happened_at"].min()
    both = pd.concat([late, first_seen], axis=1, join="inner")
    assert len(both) > 100
    assert (both["happened_at"] >= both["published_at"].dt.floor("D")).all()


def test_sessions_keep_to_a_category_and_follow_product_lines(tables):
    events = tables.events.dropna(subset=["customer_id", "product_id"]).sort_values(
        ["customer_id", "happened_at"]
    )
    products = tables.products.set_index("id")
    first = products["categories"].str[0]
    following = events.groupby("customer_id").shift(-1)
    close = (following["happened_at"] - events["happened_at"]).dt.total_seconds() < 600
    pairs = pd.DataFrame({"a": events["product_id"], "b": following["product_id"]})[close].dropna()
    same = first.reindex(pairs["a"]).to_numpy() == first.reindex(pairs["b"]).to_numpy()
    assert same.mean() > 0.8
    assert (pairs["b"] == pairs["a"] + 1).mean() > 0.15
