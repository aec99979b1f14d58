"""The report of thirty generated runs."""

from __future__ import annotations

import html.parser
import itertools
import re
from xml.etree import ElementTree

import pytest

from encore import history
from encore.report import panels
from encore.report.__main__ import main
from encore.report.charts import measurements
from encore.report.page import page
from tests.support.past_runs import NDCG, past_runs
from tests.support.recommenders import recommender_runs

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
    return page(ROWS, "shop")


def test_the_page_needs_nothing_beside_it(report):
    sources = Sources()
    sources.feed(report)
    assert not sources.addresses
    assert "<script" not in report
    assert "url(" not in report
    assert "@import" not in report


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
    assert "Nothing was held" in page([row for row in ROWS if row["outcome"] == "promoted"], "shop")


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
    assert "<b>bad</b>" not in page(rows, "shop")


def test_the_metric_is_drawn_with_what_went_live_marked(report):
    drawing = re.search(r"<h3>you: NDCG@25</h3>\s*(<svg.*?</svg>)", report, re.DOTALL).group(1)
    for outcome, count in (("promoted", 27), ("held", 2), ("failed", 1)):
        assert drawing.count(f'class="mark {outcome}"') == count
    live = re.search(r'class="live" d="([^"]+)"', drawing).group(1)
    heights = [float(step or start) for step, start in re.findall(r"V([\d.]+)|M[\d.]+ ([\d.]+)", live)]
    assert heights[9] == heights[8], "a held version is not live"
    assert heights[10] != heights[8]


def test_every_metric_that_the_service_gives_is_drawn():
    metrics = {"coverage": 0.3, "mean_reciprocal_rank_at_25": 0.2, "hits_at_1_percent": 0.1}
    rows = [{**row, "metrics": {**row["metrics"], **metrics}} for row in ROWS_OF_YOU[:1]]
    titles = re.findall(r"<h3>you: (.*?)</h3>", page(rows, "shop"))
    assert titles[0] == "NDCG@25"
    assert set(titles[1:]) >= {"coverage", "MRR@25", "hits_at_1_percent"}
    assert len(titles) == len(rows[0]["metrics"])


ROWS_OF_YOU = [row for row in ROWS if row["solution"] == "you"]


def test_every_day_on_the_axis_has_its_month():
    for panel in (*panels.data_volumes(ROWS), *panels.durations(ROWS)):
        ticks = [text for _, text in panel.broad.x_ticks]
        assert len(ticks) > 5 > len(panel.narrow.x_ticks) > 1
        assert all(re.fullmatch(r"\d+ (Jan|Feb|Mar)", tick) for tick in ticks), ticks


def test_a_first_run_is_in_the_middle_and_has_its_day():
    rows = ROWS_OF_YOU[:1]
    over_runs = [*panels.data_volumes(rows), *panels.durations(rows)]
    drawings = [drawing for panel in over_runs for drawing in (panel.broad, panel.narrow)]
    for drawn in (measurements(rows, "you", NDCG).main, *drawings):
        ((x, day),) = drawn.x_ticks
        assert day == "30 Jan"
        assert 0.4 * drawn.width < x < 0.6 * drawn.width


def test_bars_are_as_high_as_the_axis_says():
    """Each bar of the rows, and each part of the minutes, which stand on one another."""
    volumes, durations = panels.data_volumes(ROWS[:4])[0].broad, panels.durations(ROWS[:4])[0].narrow
    runs = list(dict.fromkeys(row["recorded_at"] for row in ROWS[:4]))
    assert len(volumes.bars) == len(runs) == 2
    for panel, values in (
        (volumes, [ROWS[2 * number]["rows"]["interactions"] for number in range(2)]),
        (durations, [_minutes(when) for when in runs]),
    ):
        (bottom, _), (top, text) = panel.y_ticks[0], panel.y_ticks[-1]
        unit = (bottom - top) / float(text.replace("k", "e3"))
        stacks = {}
        for bar in panel.bars:
            stacks.setdefault(bar.x, []).append(bar)
        for stack, value in zip(stacks.values(), values, strict=True):
            assert sum(bar.height for bar in stack) == pytest.approx(unit * value, abs=0.3)
            edges = sorted(stack, key=lambda bar: -bar.y)
            assert edges[0].y + edges[0].height == pytest.approx(bottom, abs=0.2)
            for lower, upper in itertools.pairwise(edges):
                assert upper.y + upper.height == pytest.approx(lower.y, abs=0.2)


def _minutes(when) -> float:
    rows = [row for row in ROWS if row["recorded_at"] == when]
    steps = {
        f"train {row['solution']}" if step == "train" else step: seconds
        for row in rows
        for step, seconds in row["seconds"].items()
    }
    return sum(steps.values()) / 60


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (250, "250"), (2_000, "2k"), (400_000, "400k"), (2.5e6, "2.5M"), (5e9, "5G")],
)
def test_counts_beside_an_axis_are_short(value, text):
    assert panels.short_count(value) == text


def test_only_the_newest_runs_are_drawn_where_there_are_many():
    rows = history.from_parquet(history.to_parquet(past_runs(90)))
    panel = panels.data_volumes(rows)[0].narrow
    assert len(panel.bars) == panels.MOST_RUNS
    assert panel.bars[-1].text.startswith(f"{rows[-1]['recorded_at']:%-d %b %Y}, ")
    edges = [(bar.x, bar.x + bar.width) for bar in panel.bars]
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(edges)), "none covers another"


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
        "metrics-you.svg",
        "metrics-related.svg",
    }
    drawing = ElementTree.parse(tmp_path / "out" / "metrics-you.svg").getroot()
    names = [part.tag.split("}")[1] for part in drawing.iter()]
    assert names.count("circle") == 3, "a mark for each version"
    assert "style" in names, "it looks the same by itself"


def test_a_recommender_is_active_or_stopped_and_no_gate_is_spoken_of():
    rows = recommender_runs(outcomes={"top": "held"}, usd=None)
    text = re.sub(r"<[^>]+>|\s+", " ", page(rows, "shop").split("</style>")[1])
    text = re.sub(r"\s+", " ", text)
    assert "what has no known price: bought-together, for-you" in text
    assert "for-you active aws-ecomm-recommended-for-you 0.1680 NDCG@25, active since Jan 30" in text
    assert "in runs: 29 active, 1 stopped, 0 failed It answers nothing, and is not paid for." in text
    assert "Nothing was held, and nothing failed." in text
    assert "promoted" not in text


def test_a_recommender_is_listed_when_it_has_changed():
    """Most runs find it as it was: the service has trained each of three anew four times after the first."""
    table = page(recommender_runs(), "shop").split("The last versions")[1]
    assert table.count("Trained and served by the service.") == 3 * 5
    assert table.count('class="s">for-you<') == 5, "it has no version that would repeat its name"
