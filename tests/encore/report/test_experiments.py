"""Where an A/B test stands, as a reader sees it."""

from __future__ import annotations

import json
from types import SimpleNamespace

from encore import history
from encore.experiments.judge import Analysis
from encore.report.comparisons import COLOURS, UNDECIDED
from encore.report.experiments import read, view_of
from encore.report.page import page
from tests.encore.experiments.test_judge import EXPERIMENT
from tests.support.past_runs import past_runs
from tests.support.planted_exports import PlantedExports

FIRST = Analysis("2026-03-07", (500, 480), (0.10, 0.11), -0.02, 0.04)
SECOND = Analysis("2026-03-14", (500, 480), (0.10, 0.15), 0.01, 0.09)


def document(*analyses, state="runs", share=0.5):
    return {
        "state": state,
        "share": share,
        "reason": "Because.",
        "analyses": [seen.as_json() for seen in analyses],
    }


def test_the_answer_says_who_wins_and_the_table_how_that_came():
    view = view_of(EXPERIMENT, document(FIRST, SECOND, state="ended", share=1))
    assert (view.answer, view.share) == ("personal wins", "100%")
    first, second = view.rows
    assert (first.verdict, first.challenger, first.difference) == (
        "no difference shown",
        "11.00%",
        "-2.00% to 4.00%",
    )
    assert second.verdict == "personal wins"
    assert (first.picture.colour, second.picture.colour) == (UNDECIDED, COLOURS["better"])
    assert first.picture.low < view.width / 2 < first.picture.high
    assert second.picture.low > view.width / 2


def test_without_a_winner_it_says_so():
    assert view_of(EXPERIMENT, document(FIRST)).answer == "No winner yet"
    assert view_of(EXPERIMENT, document(FIRST, state="ended", share=0)).answer == "It has ended"
    assert view_of(EXPERIMENT, document(state="waits", share=0)).answer == "It has not begun"
    few = Analysis("2026-03-07", (5, 4), (0.1, 0.2), None, None)
    assert view_of(EXPERIMENT, document(few)).rows[0].picture is None


def test_the_report_shows_it_once_it_is_judged():
    planted = PlantedExports()
    group = SimpleNamespace(bucket="b", prefix="p", experiment=EXPERIMENT)
    assert read(planted, group) is None
    planted.objects["p/experiments/home.json"] = json.dumps(document(FIRST)).encode()
    html = page(
        history.from_parquet(history.to_parquet(past_runs(2))),
        "shop",
        experiment=read(planted, group),
    )
    assert "Experiment home: personal against popular" in html
    assert read(planted, SimpleNamespace(experiment=None)) is None
