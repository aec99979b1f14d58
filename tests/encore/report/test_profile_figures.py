"""The picture of the data: panels for what was recorded, in every state that a history can be in."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from encore import history
from encore.report import figures
from encore.report.page import page
from encore.report.profile_figures import profiles_over_time
from tests.support.past_runs import NDCG, past_runs
from tests.support.shop_days import Shop


def runs_with_profiles(count: int, fault_from: int | None = None):
    """The rows of past runs, each with the profile of a day; from one on, DEVICE lacks and purchases are gone."""
    shop = Shop(5)

    def fault(columns, draw):
        rows = len(columns["DEVICE"])
        return {
            **columns,
            "DEVICE": pa.array(["phone"] * rows, mask=draw.random(rows) < 0.6),
            "EVENT_TYPE": pa.array(["view"] * rows),
        }

    recorded = []
    for number in range(count):
        broken = fault_from is not None and number >= fault_from
        profile = shop.day(number, fault if broken else None).to_dict(samples=False)
        insights = ["interactions: 3,000 interactions; 50,000 or more are recommended"]
        written = {"profiles": json.dumps({"interactions": profile}), "insights": json.dumps(insights)}
        recorded += [{**row, **written} for row in past_runs(count)[2 * number : 2 * number + 2]]
    return history.from_parquet(history.to_parquet(recorded))


@pytest.fixture(scope="module")
def drifted():
    return runs_with_profiles(12, fault_from=9)


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_rows_nulls_and_each_mix_have_a_panel(drifted):
    figure = profiles_over_time(history.profiles(drifted))
    assert titles(figure) == [
        "interactions of the newest day: rows",
        "interactions: share of nulls",
        "interactions: mix of EVENT_TYPE",
        "interactions: mix of DEVICE",
    ]


def test_what_has_changed_is_seen_where_it_changed(drifted):
    nulls = profiles_over_time(history.profiles(drifted)).axes[1]
    [line] = [line for line in nulls.get_lines() if line.get_label() == "DEVICE"]
    shares = list(line.get_ydata())
    assert max(shares[:9]) < 0.1
    assert min(shares[9:]) > 0.5


def test_one_run_stands_among_the_days_around_it():
    rows = runs_with_profiles(1)
    profiles, metrics = (
        profiles_over_time(history.profiles(rows)),
        figures.metrics_over_time(rows, NDCG, "you"),
    )
    for figure in (profiles, metrics, figures.data_volumes(rows), figures.durations(rows)):
        figures.png(figure)
        axes = figure.axes[0 if figure is metrics else -1]  # below the large metric are small ones
        low, high = axes.get_xlim()
        assert 6 <= high - low < 8
        assert {text.get_text() for text in axes.get_xticklabels()} >= {"29 Jan", "30 Jan", "31 Jan"}


def test_runs_without_profiles_have_none():
    rows = history.from_parquet(history.to_parquet(past_runs(3)))
    assert profiles_over_time(history.profiles(rows)) is None
    assert profiles_over_time([]) is None
    assert "The data of the last run" not in page(rows, "shop", drawn={})


def test_the_page_has_the_columns_and_insights_of_the_last_run(drifted):
    html = page(drifted, "shop", drawn={})
    assert "50,000 or more are recommended" in html
    for part in ("EVENT_VALUE", "DEVICE", "view 100%", "The data of the last run"):
        assert part in html


def test_runs_up_to_a_chosen_day_are_not_part_of_the_course(drifted):
    repeated = [{**row, "as_of": "2026-01-01"} for row in drifted[-2:]]
    assert len(history.profiles([*drifted[:-2], *repeated])) == 11
