"""The report of thirty generated runs."""

from __future__ import annotations

import html.parser
import re

import matplotlib.image
import pytest

from encore import history
from encore.report import figures
from encore.report.__main__ import main
from encore.report.page import page
from tests.support.past_runs import NDCG, past_runs

ROWS = history.from_parquet(history.to_parquet(past_runs()))


class Sources(html.parser.HTMLParser):
    """Everything that the page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for name, value in attributes if name in ("src", "href")]


@pytest.fixture(scope="module")
def report() -> str:
    return page(ROWS, "shop", drawn={"metrics-you": b"x"})


def test_the_page_needs_nothing_beside_it(report):
    sources = Sources()
    sources.feed(report)
    assert sources.addresses
    assert all(source.startswith("data:") for source in sources.addresses)
    assert "<script" not in report


def test_the_cards_say_what_is_live_since_when_and_what_came_of_it(report):
    text = re.sub(r"<[^>]+>|\s+", " ", report)
    assert "30 runs from 2026-01-30 to 2026-02-28" in text
    assert "27 promoted, 2 held, 1 failed" in re.sub(r"\s+", " ", text)
    assert "29 promoted, 1 held, 0 failed" in re.sub(r"\s+", " ", text)


def test_what_did_not_go_live_stands_first_with_its_reason(report):
    first = report.index("What did not go live")
    reasons = [row["reason"] for row in reversed(ROWS) if row["outcome"] != "promoted"]
    assert len(reasons) == 4
    text = report[first : report.index("Run by run")]
    positions = [text.index(re.sub("'", "&#39;", reason)) for reason in reasons]
    assert positions == sorted(positions), "the newest comes first"
    assert "Nothing was held" in page([row for row in ROWS if row["outcome"] == "promoted"], "shop", drawn={})


def test_runs_that_failed_before_there_was_a_version_are_shown_with_their_reason_and_log():
    failed = {
        name: ROWS[0][name] for name in ("recorded_at", "dataset_group", "run_id", "solution", "recipe")
    }
    failed |= {"outcome": "failed", "reason": "preflight: No bucket.", "link": "http://airflow/dags/d/log"}
    rows = history.from_parquet(history.to_parquet([failed]))
    report = page(rows, "shop")
    assert "1 run from" in report
    assert report.count("preflight: No bucket.") == 3, (
        "in the card, among what did not go live, and in its run"
    )
    assert report.count('href="http://airflow/dags/d/log"') == 3


def test_what_comes_from_the_service_is_escaped():
    rows = [{**ROWS[0], "reason": "<b>bad</b>", "outcome": "held"}]
    assert "<b>bad</b>" not in page(rows, "shop", drawn={})


def test_the_metric_is_drawn_with_what_went_live_marked():
    axes = figures.metrics_over_time(ROWS, NDCG, "you").axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["live", "popular items", "promoted (27)", "held (2)", "failed (1)"]
    live = next(line for line in axes.get_lines() if line.get_label() == "live")
    values = list(live.get_ydata())
    assert values[9] == values[8] == ROWS_OF_YOU[8]["metrics"][NDCG], "a held version is not live"
    assert values[10] == ROWS_OF_YOU[10]["metrics"][NDCG]


def test_every_metric_that_the_service_gives_is_drawn():
    metrics = {"coverage": 0.3, "mean_reciprocal_rank_at_25": 0.2, "hits_at_1_percent": 0.1}
    rows = [{**row, "metrics": {**row["metrics"], **metrics}} for row in ROWS_OF_YOU[:1]]
    titles = [axes.get_title(loc="left") for axes in figures.metrics_over_time(rows, NDCG, "you").axes]
    assert titles[0] == "you: NDCG@25"
    assert set(titles[1:]) >= {"coverage", "MRR@25", "hits_at_1_percent"}
    assert len(titles) == len(rows[0]["metrics"])


ROWS_OF_YOU = [row for row in ROWS if row["solution"] == "you"]


def test_every_day_on_the_axis_has_its_month():
    figure = figures.data_volumes(ROWS)
    figures.png(figure)
    ticks = [text.get_text() for text in figure.axes[-1].get_xticklabels()]
    assert len(ticks) > 5
    assert all(re.fullmatch(r"\d+ (Jan|Feb|Mar)", tick) for tick in ticks), ticks


def test_the_axis_of_a_first_run_is_about_its_day():
    rows = ROWS_OF_YOU[:1]
    for figure in (
        figures.metrics_over_time(rows, NDCG, "you"),
        figures.data_volumes(rows),
        figures.durations(rows),
    ):
        first, last = figure.axes[0].get_xlim()
        assert last - first <= 7, "days"


def test_a_history_of_a_rollback_alone_is_drawn():
    """Of a rollback neither rows nor durations are recorded."""
    rows = [{**ROWS_OF_YOU[0], "rows": None, "seconds": None, "metrics": None}]
    assert "1 run from" in page(rows, "shop")


def test_an_empty_history_is_said_to_be_empty():
    assert "No run has been recorded yet" in page([], "shop")


def test_the_command_writes_a_page_and_pictures(tmp_path):
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "a.parquet").write_bytes(history.to_parquet(past_runs(3)))
    main(out=tmp_path / "out", group=None, metric=NDCG, parquet=tmp_path / "history")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "report.html",
        "metrics-you.png",
        "metrics-related.png",
        "data.png",
        "durations.png",
    }
    picture = matplotlib.image.imread(tmp_path / "out" / "metrics-you.png")
    assert picture.shape[1] > 900
    assert picture.std() > 0.02, "the picture is blank"
