"""The data gate on facts chosen by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from encore.config.policies import DataGate
from encore.gates.data_quality import DataGateError, DatasetFacts, InteractionFacts, judge, reference_time

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
FRESH = int((NOW - timedelta(hours=3)).timestamp())
USUAL = [9_000, 10_000, 11_000]


def failed(gate: dict, *datasets: DatasetFacts, **interactions) -> list[str]:
    facts = InteractionFacts(**{"newest": FRESH, **interactions})
    return [check.name for check in judge(DataGate.model_validate(gate), datasets, facts, NOW).failed]


def rows(number: int, **facts) -> DatasetFacts:
    return DatasetFacts("interactions", number, USUAL, **facts)


def test_the_usual_passes_and_the_first_night_has_nothing_to_compare_with():
    assert failed({}, rows(10_000, rejected=0.01), unknown_users=0.1, unknown_items=0.0) == []
    assert failed({}, DatasetFacts("interactions", 3)) == []


@pytest.mark.parametrize(("number", "bad"), [(4_999, True), (5_000, False), (30_000, False), (30_001, True)])
def test_a_drop_or_jump_over_the_limit_is_seen_at_the_limit(number, bad):
    assert bool(failed({}, rows(number))) is bad


def test_only_the_last_runs_count():
    facts = DatasetFacts("interactions", 10_000, [100] * 50 + [10_000] * 7)
    assert failed({"compare_runs": 7}, facts) == []
    assert failed({"compare_runs": 57}, facts) == ["rows of interactions"]


def test_a_thin_newest_day_is_seen_against_the_days_before_it():
    days = [(f"2026-02-{day:02}", 1_000) for day in range(1, 28)] + [("2026-02-28", 333)]
    facts = DatasetFacts("interactions", 27_333, days=days)
    assert failed({"max_day_drop": 0.5}, facts) == ["interactions of 2026-02-28"]
    assert failed({}, facts) == []
    days[-1] = ("2026-02-28", 150)
    assert failed({}, DatasetFacts("interactions", 27_150, days=days)) == ["interactions of 2026-02-28"]
    assert failed({"max_day_drop": None}, DatasetFacts("interactions", 27_150, days=days)) == []


def test_a_thin_day_is_ordinary_where_the_same_weekday_is_always_thin():
    days = [(f"2026-02-{day:02}", 100 if day % 7 == 0 else 1_000) for day in range(1, 29)]
    facts = DatasetFacts("interactions", 24_400, days=days)
    assert failed({}, facts) == []
    assert failed({}, DatasetFacts("interactions", 24_300, days=[*days[:-1], ("2026-02-28", 10)])) == [
        "interactions of 2026-02-28"
    ]


def test_the_first_days_are_not_held_against_each_other():
    days = [("2026-02-01", 900), ("2026-02-02", 5), ("2026-02-03", 3)]
    assert failed({}, DatasetFacts("interactions", 908, days=days)) == []


def test_rejects_are_held_against_their_limit():
    assert failed({"max_rejected": 0.05}, rows(10_000, rejected=0.051)) == ["rejected interactions"]
    assert failed({"max_rejected": None}, rows(10_000, rejected=1.0)) == []


def test_stale_interactions_are_seen():
    old = int((NOW - timedelta(hours=37)).timestamp())
    assert failed({"max_age_hours": 36}, rows(10_000), newest=old) == ["newest interaction"]
    assert failed({"max_age_hours": 38}, rows(10_000), newest=old) == []
    assert failed({"max_age_hours": 38}, rows(10_000), newest=None) == ["newest interaction"]


def test_data_that_is_ten_days_old_is_seen_by_default_and_two_missed_exports_are_not():
    for days, stale in ((10, True), (3.1, True), (2.1, False)):
        newest = int((NOW - timedelta(days=days)).timestamp())
        assert bool(failed({}, rows(10_000), newest=newest)) is stale


def test_data_up_to_a_chosen_day_is_as_old_as_it_is_on_that_day():
    assert reference_time("2026-02-10") == datetime(2026, 2, 11, tzinfo=UTC)
    assert abs(reference_time(None) - datetime.now(UTC)) < timedelta(minutes=1)


def test_interactions_of_unknown_users_and_items_are_seen():
    shares = {"unknown_users": 0.6, "unknown_items": 0.3}
    assert failed({}, rows(10_000), **shares) == [
        "interactions of unknown users",
        "interactions of unknown items",
    ]


def test_the_refusal_names_what_was_seen_the_limit_and_the_next_step():
    verdict = judge(DataGate(), [rows(3_000)], InteractionFacts(), NOW)
    with pytest.raises(DataGateError) as refused:
        verdict.raise_if_failed()
    for part in ("rows of interactions is 3,000 (usually 10,000)", "at least 5,000", "data_gate=warn"):
        assert part in str(refused.value)
    assert "FAILED" in verdict.as_text()
