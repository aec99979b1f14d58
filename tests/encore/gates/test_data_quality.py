"""The data gate on facts chosen by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from encore.config.policies import DataGate
from encore.gates.data_quality import DataGateError, DatasetFacts, InteractionFacts, judge

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
USUAL = [9_000, 10_000, 11_000]


def failed(gate: dict, *datasets: DatasetFacts, **interactions) -> list[str]:
    facts = InteractionFacts(**interactions)
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


def test_rejects_are_held_against_their_limit():
    assert failed({"max_rejected": 0.05}, rows(10_000, rejected=0.051)) == ["rejected interactions"]
    assert failed({"max_rejected": None}, rows(10_000, rejected=1.0)) == []


def test_stale_interactions_are_seen():
    old = int((NOW - timedelta(hours=37)).timestamp())
    assert failed({"max_age_hours": 36}, rows(10_000), newest=old) == ["newest interaction"]
    assert failed({"max_age_hours": 38}, rows(10_000), newest=old) == []
    assert failed({"max_age_hours": 38}, rows(10_000)) == ["newest interaction"]


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
