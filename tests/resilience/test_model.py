"""The model's own rows: few rules, each said once more."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from tests.resilience.faults import BY_NAME, FAULTS, draw_events
from tests.resilience.model import FIRST_DAYS, Shop, difference

FIRST = date(2026, 1, 1)


def test_a_double_click_is_one_interaction_and_what_has_no_customer_or_product_is_none():
    shop = Shop(seed=1, first=FIRST)
    history = shop.history()
    sound = [event for event in history if event.user is not None and event.item is not None]
    rows = shop.interactions(FIRST + timedelta(days=FIRST_DAYS))
    assert set(rows.values()) == {1}
    assert len(rows) < len(sound) < len(history)
    assert len({event.id for event in history}) == len(history)


def test_rows_of_days_to_come_are_not_expected():
    shop = Shop(seed=1, first=FIRST)
    shop.history()
    before = shop.interactions(FIRST)
    shop.events_of(FIRST + timedelta(days=1), 50)
    assert shop.interactions(FIRST) == before
    assert len(shop.interactions(FIRST + timedelta(days=1))) > len(before)


def test_rows_that_are_missing_and_rows_that_are_too_many_are_told_apart():
    wanted = Counter([("1",), ("2",)])
    assert difference(wanted, [("2",), ("1",)]) is None
    assert "1 rows are missing (e.g. [('2',)]), 1 are too many (e.g. [('1',)])" in str(
        difference(wanted, [("1",), ("1",)])
    )


def test_an_acknowledged_event_is_wanted_once_and_one_without_an_answer_may_be_there_once():
    answered, lost = ("1", "2", "view", "3"), ("1", "2", "view", "4")
    shop = Shop(seed=1, first=FIRST)
    shop.sent += [answered, lost]
    shop.acknowledged.append(answered)
    wanted = shop.interactions(FIRST)
    unsure = Counter(shop.sent) - Counter(shop.acknowledged)
    assert wanted == Counter([answered])
    assert difference(wanted, [answered], unsure) is None
    assert difference(wanted, [answered, lost], unsure) is None
    assert "1 rows are missing" in str(difference(wanted, [lost], unsure))
    for twice in (answered, lost):
        assert "1 are too many" in str(difference(wanted, [answered, lost, twice], unsure))


def test_a_month_of_every_seed_meets_every_fault_before_one_comes_again():
    for seed in range(20):
        events = draw_events(seed, days=40)
        assert {name for _, name in events} == set(BY_NAME)
        assert events == draw_events(seed, days=40)
        first = [name for _, name in events[: len(FAULTS)]]
        assert len(set(first)) == len(FAULTS)
        assert all(day > 1 for day, _ in events), "the first day makes the campaign"
