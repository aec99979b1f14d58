"""Drift on generated shops: ordinary days are let pass, and each fault is named with its column and both values."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from encore.config.policies import DataGate
from encore.gates.drift import Drift, checks, distance
from tests.support.shop_days import Shop, profile_of

DAYS = 14


def failed(now, earlier, accepted=None, **gate) -> list[str]:
    results = checks(DataGate.model_validate(gate), Drift("interactions of today", now, earlier, accepted))
    return [f"{check.name} is {check.value}" for check in results if not check.passed]


def replaced(name, change):
    def fault(columns, draw):
        return {**columns, name: change(columns[name], draw)}

    return fault


def lost(share):
    def change(values, draw):
        return pc.if_else(pa.array(draw.random(len(values)) < share), pa.scalar(None, values.type), values)

    return change


def doubled(columns, draw):
    rows = np.repeat(np.arange(len(columns["USER_ID"])), 2)
    return {name: values.take(pa.array(rows)) for name, values in columns.items()}


def without_purchases(columns, draw):
    others = pc.not_equal(columns["EVENT_TYPE"], "purchase")
    return {name: values.filter(others) for name, values in columns.items()}


FAULTS = {
    "a join that finds nothing for a third of the rows": (
        replaced("DEVICE", lost(0.35)),
        "the share of nulls in DEVICE",
    ),
    "a column that is empty": (replaced("EVENT_VALUE", lost(1.0)), "the share of nulls in EVENT_VALUE"),
    "every row twice": (doubled, "the share of repeated events"),
    "cents instead of units": (
        replaced("EVENT_VALUE", lambda values, draw: pc.multiply(values, pa.scalar(100, pa.float32()))),
        "the mix of EVENT_VALUE",
    ),
    "one value for all": (
        replaced("DEVICE", lambda values, draw: pa.array(["unknown"] * len(values))),
        "the mix of DEVICE",
    ),
    "categories in another spelling": (
        replaced("DEVICE", lambda values, draw: pc.utf8_upper(values)),
        "the mix of DEVICE",
    ),
    "numbers for types of event": (
        replaced("EVENT_TYPE", lambda values, draw: pa.array([str(n % 7) for n in range(len(values))])),
        "the mix of EVENT_TYPE",
    ),
    "a robot": (
        replaced(
            "USER_ID",
            lambda values, draw: pc.if_else(pa.array(draw.random(len(values)) < 0.6), pa.scalar(0), values),
        ),
        "the most frequent USER_ID",
    ),
    "no purchases": (without_purchases, "EVENT_TYPE"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_fault_is_named_with_its_column(fault, seed):
    change, name = FAULTS[fault]
    shop = Shop(seed)
    earlier = [shop.day(number) for number in range(DAYS)]
    now = shop.day(DAYS, change)
    names = failed(now, earlier)
    assert any(name in text for text in names), (names, now.rows)
    assert all("usually" in text for text in names)


def test_ordinary_days_are_hardly_ever_held():
    """Thirty shops of three sizes over four weeks: at most one day in two hundred."""
    judged, alarms = 0, []
    for seed in range(100, 130):
        shop, days = Shop(seed), []
        for number in range(28):
            today = shop.day(number)
            names = failed(today, days[-DAYS:], days[-1] if days else None)
            judged, days = judged + 1, [*days, today]
            alarms += [(seed, number, today.rows, text) for text in names]
    assert judged == 840
    assert len(alarms) <= 4, alarms


def test_the_first_days_have_nothing_to_be_compared_with():
    shop = Shop(1)
    days = [shop.day(number) for number in range(3)]
    broken = shop.day(3, FAULTS["one value for all"][0])
    assert failed(broken, days[:2]) == []
    assert failed(broken, days) != []


def test_what_was_let_pass_once_is_usual_the_next_time():
    shop = Shop(2)
    fault, _ = FAULTS["categories in another spelling"]
    days = [shop.day(number) for number in range(DAYS)]
    first, second = shop.day(DAYS, fault), shop.day(DAYS + 1, fault)
    assert failed(second, [*days, first])
    assert failed(second, [*days, first], accepted=first) == []


def test_a_fault_of_yesterday_does_not_hide_that_of_today():
    shop = Shop(2)
    fault, name = FAULTS["a join that finds nothing for a third of the rows"]
    days = [shop.day(number) for number in range(DAYS)]
    days.append(shop.day(DAYS, fault))
    assert any(name in text for text in failed(shop.day(DAYS + 1, fault), days[-DAYS:]))


@pytest.mark.parametrize(
    ("limit", "fault"),
    [
        ("max_null_change", "a column that is empty"),
        ("max_mix_change", "cents instead of units"),
        ("max_repeated_change", "every row twice"),
    ],
)
def test_a_limit_of_null_is_not_checked_and_one_of_one_never_reached(limit, fault):
    shop = Shop(2)
    days = [shop.day(number) for number in range(DAYS)]
    now = shop.day(DAYS, FAULTS[fault][0])
    assert failed(now, days)
    assert failed(now, days, **{limit: None}) == []
    assert failed(now, days, **{limit: 1.0}) == []


def test_the_distance_is_jensens_and_shannons():
    scipy_distance = pytest.importorskip("scipy.spatial.distance").jensenshannon
    for now, usual in [([1, 0], [0, 1]), ([0.5, 0.5], [0.5, 0.5]), ([0.7, 0.2, 0.1], [0.1, 0.3, 0.6])]:
        mixes = {str(index): pair for index, pair in enumerate(zip(now, usual, strict=True))}
        assert distance(mixes) == pytest.approx(scipy_distance(now, usual, base=2), abs=1e-9)


def test_days_without_rows_or_columns_are_no_error():
    shop = Shop(1)
    days = [shop.day(number) for number in range(5)]
    empty = profile_of({name: values.slice(0, 0) for name, values in rows_of(shop).items()})
    assert failed(empty, days) == []
    assert failed(days[0], [empty] * 5) == []


def rows_of(shop: Shop) -> dict[str, pa.Array]:
    columns_of_rows = {}
    shop.day(0, lambda columns, draw: columns_of_rows.update(columns) or columns)
    return columns_of_rows
