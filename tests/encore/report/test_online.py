"""What recommendations have led to, as a reader sees it."""

from __future__ import annotations

from datetime import timedelta

from encore import history
from encore.online.readings import Readings
from encore.online.summary import summary
from encore.report.online import view_of
from encore.report.page import page
from tests.encore.online.test_summary import ARN, CAMPAIGN, START, group, row

POPULAR = f"{ARN}:campaign/popular"


def results(home: float, popular: float, days: int = 3):
    hours = [START + timedelta(days=day, hours=2) for day in range(days)]
    sums = {("CLICKS", CAMPAIGN, hour): home for hour in hours}
    sums |= {("CLICKS", POPULAR, hour): popular for hour in hours}
    requests = {(campaign, hour): 400.0 for campaign in (CAMPAIGN, POPULAR) for hour in hours}
    past = [row(0), row(0, solution="popular", solution_version_arn=f"{ARN}:solution/popular/1")]
    return summary(group(), past, Readings(sums, requests))


def test_the_answer_says_who_leads_to_more_and_whether_that_is_sure():
    assert view_of(results(80, 40)).answer == (
        "personal leads to most clicks: 20 for a hundred answers, popular to 10."
    )
    assert view_of(results(40, 42)).answer.endswith("Their intervals overlap: it may be chance.")


def test_the_table_has_a_line_a_version_with_its_offline_metric_and_interval():
    line = view_of(results(80, 40)).lines[0]
    assert (line.solution, line.version, line.answers, line.offline) == (
        "personal",
        "00000000",
        "1,200",
        "0.1000",
    )
    clicks, revenue = line.cells
    assert (clicks.value, clicks.interval) == ("20", "17.8 to 22.4")
    assert clicks.low < clicks.middle < clicks.high <= 110
    assert revenue.high is None, "three hours are too few for the interval of a sum"


def test_a_chart_shows_each_day_once_there_are_two():
    assert not view_of(results(80, 40, days=1)).charts
    chart, _ = view_of(results(80, 40)).charts
    assert [series.name for series in chart.series] == ["personal", "popular"]
    assert [len(series.points) for series in chart.series] == [3, 3]


def test_the_report_shows_it_and_says_nothing_where_there_is_no_attribution():
    rows = history.from_parquet(history.to_parquet([row(0, run_id="1")]))
    assert "What recommendations have led to" in page(rows, "shop", results=results(80, 40))
    assert "What recommendations have led to" not in page(rows, "shop")
    assert view_of(None) is None


def test_a_new_version_is_set_beside_the_one_before_it():
    hours = [START + timedelta(hours=hour) for hour in (2, 30)]
    clicks = dict(zip(hours, (40.0, 90.0), strict=True))
    readings = Readings(
        {("CLICKS", CAMPAIGN, hour): value for hour, value in clicks.items()},
        {(CAMPAIGN, hour): 300.0 for hour in hours},
    )
    view = view_of(summary(group(), [row(0), row(1)], readings))
    assert view.changes == ["personal: 30 clicks with the newest version, 13.3 with the one before: more."]
    assert [line.version for line in view.lines] == ["00000001", "00000000"]
    assert view.charts[0].y_ticks[-1][1] == "40", "a round number"
