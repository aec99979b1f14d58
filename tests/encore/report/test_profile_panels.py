"""The drawings of the data: panels for what was recorded, in every state that a history can be in."""

from __future__ import annotations

import pytest

from encore import history
from encore.report.page import page
from encore.report.profile_panels import profiles_over_time
from tests.support.past_runs import past_runs
from tests.support.profiled_runs import runs_with_profiles


@pytest.fixture(scope="module")
def drifted():
    return runs_with_profiles(12, fault_from=9)


def test_rows_nulls_and_each_mix_have_a_panel(drifted):
    assert [panel.title for panel in profiles_over_time(history.profiles(drifted))] == [
        "interactions of the newest day: rows",
        "interactions: share of nulls",
        "interactions: mix of EVENT_TYPE",
        "interactions: mix of DEVICE",
    ]


def test_what_has_changed_is_seen_where_it_changed(drifted):
    _, nulls, events, _ = (panel.broad for panel in profiles_over_time(history.profiles(drifted)))
    line = next(line for line in nulls.lines if "DEVICE" in line.points[0][2])
    heights = [nulls.y_ticks[0][0] - y for _, y, _ in line.points]
    assert min(heights[9:]) > 4 * max(heights[:9])
    purchases = [bar for bar in events.bars if ", purchase: " in bar.text]
    assert len(purchases) == 9, "gone since"
    assert all(sum(share_of(bar) for bar in stack) == pytest.approx(1, abs=0.02) for stack in stacks(events))


def share_of(bar):
    return float(bar.text.rsplit(": ", 1)[1].rstrip("%")) / 100


def stacks(panel):
    by_run = {}
    for bar in panel.bars:
        by_run.setdefault(bar.x, []).append(bar)
    return by_run.values()


def test_one_run_stands_in_the_middle_with_its_day():
    for panel in profiles_over_time(history.profiles(runs_with_profiles(1))):
        for drawing in (panel.broad, panel.narrow):
            ((x, day),) = drawing.x_ticks
            assert day == "30 Jan"
            assert 0.4 * drawing.width < x < 0.6 * drawing.width


def test_runs_without_profiles_have_none():
    rows = history.from_parquet(history.to_parquet(past_runs(3)))
    assert profiles_over_time(history.profiles(rows)) == []
    assert profiles_over_time([]) == []
    assert "The data of the last run" not in page(rows, "shop")


def test_the_page_has_the_columns_and_insights_of_the_last_run(drifted):
    html = page(drifted, "shop")
    assert "50,000 or more are recommended" in html
    for part in ("EVENT_VALUE", "DEVICE", "view 100%", "The data of the last run"):
        assert part in html


def test_runs_up_to_a_chosen_day_are_not_part_of_the_course(drifted):
    repeated = [{**row, "as_of": "2026-01-01"} for row in drifted[-2:]]
    assert len(history.profiles([*drifted[:-2], *repeated])) == 11
