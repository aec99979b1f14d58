"""Where an A/B test stands, as the report and the page show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from encore.config.experiment import Experiment
from encore.config.models import DatasetGroup
from encore.experiments import judge, record
from encore.experiments.judge import Analysis
from encore.experiments.record import Document
from encore.experiments.split import CHALLENGER
from encore.report.comparisons import COLOURS, ROOM, UNDECIDED, WIDTH, Picture

ANSWERS = {"waits": "It has not begun", "runs": "No winner yet", "ended": "It has ended"}


@dataclass(frozen=True)
class Row:
    """An analysis; the cells' texts, and the picture of the interval. `kind`: better, worse or no, for the colour."""

    day: str
    users: str
    challenger: str
    champion: str
    difference: str
    verdict: str
    kind: str
    picture: Picture | None


@dataclass(frozen=True)
class View:
    """What is shown of an experiment."""

    name: str
    answer: str
    reason: str
    challenger: str
    champion: str
    share: str
    rows: Sequence[Row]
    width: int = WIDTH


def read(s3: Any, group: DatasetGroup) -> View | None:
    """None for a group without an experiment, or before the first run of `judge_experiment`."""
    if group.experiment is None:
        return None
    document = record.read(s3, group, group.experiment)
    return view_of(group.experiment, document) if document else None


def view_of(experiment: Experiment, document: Document) -> View:
    """
    :param document: as `encore.experiments.record` has it
    """
    analyses = record.analyses_of(document)
    ends = [abs(end) for seen in analyses for end in (seen.low, seen.high) if end is not None]
    answer = ANSWERS[document["state"]]
    if analyses and (winner := analyses[-1].winner):
        answer = f"{_name(experiment, winner)} wins"
    return View(
        name=experiment.name,
        answer=answer,
        reason=str(document["reason"]),
        challenger=experiment.challenger,
        champion=experiment.champion,
        share=f"{document['share']:.0%}",
        rows=[_row(experiment, seen, max(ends, default=0.0)) for seen in analyses],
    )


def _row(experiment: Experiment, seen: Analysis, widest: float) -> Row:
    champion, challenger = (judge.amount(experiment, mean) for mean in seen.means)
    return Row(
        day=seen.day,
        users=f"{sum(seen.users):,}",
        challenger=challenger,
        champion=champion,
        difference=judge.interval(experiment, seen),
        verdict=f"{_name(experiment, seen.winner)} wins" if seen.winner else "no difference shown",
        kind=_kind(seen),
        picture=_picture(seen, widest),
    )


def _picture(seen: Analysis, widest: float) -> Picture | None:
    if seen.low is None or seen.high is None:
        return None

    def position(value: float) -> float:
        return round(WIDTH / 2 * (1 + ROOM * (value / widest if widest else 0.0)), 1)

    colour, difference = COLOURS.get(_kind(seen), UNDECIDED), seen.means[1] - seen.means[0]
    return Picture(position(seen.low), position(seen.high), position(difference), colour)


def _kind(seen: Analysis) -> str:
    return "better" if seen.winner == CHALLENGER else "worse" if seen.winner else "no"


def _name(experiment: Experiment, winner: str) -> str:
    return experiment.challenger if winner == CHALLENGER else experiment.champion
