"""`make visitors`: visitors of the running shop, and what the service's metric attribution says of them afterwards."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from airflow_personalize.pagination import find_by
from demo import local_aws, product_database, shop, visitors
from demo.settings import Settings
from demo.visitors import Visit
from encore import history
from encore.config import DatasetGroup, load_pipeline
from encore.experiments import record
from encore.experiments.split import CHALLENGER, CHAMPION
from encore.online import read
from encore.online.summary import Online
from encore.report.online import view_of

SOLUTIONS = ("popular", "personal")  # champion and challenger, where the pipeline file has no experiment
ATTRIBUTED_SECONDS = 60


class NotReadyError(RuntimeError):
    """The shop has no campaigns or no tracker yet."""


def run(console: Console, settings: Settings, database: str, visits: int, seed: int) -> None:
    """
    :raises NotReadyError: before a retraining has made campaigns and event tracker
    """
    group = load_pipeline().dataset_groups[0]
    campaigns, tracking_id = _prepared(group, local_aws.client(settings, "personalize"))
    division: dict[str, Any] = {}
    if group.experiment and (
        document := record.read(local_aws.client(settings, "s3"), group, group.experiment)
    ):
        campaigns = document["campaigns"][CHAMPION], document["campaigns"][CHALLENGER]
        division = {"experiment": document["experiment"], "share": document["share"]}
    tastes = shop.hidden_tastes()
    begun = time.monotonic()
    done = visitors.visit_all(
        tastes,
        visitors.visitors(tastes, visits, seed),
        campaigns,
        local_aws.client(settings, "personalize-runtime"),
        seed,
        **division,
        after=visitors.put_events(
            local_aws.client(settings, "personalize-events"), tracking_id, product_database.prices(database)
        ),
    )
    product_database.add_events(database, visitors.rows(done))
    seconds = time.monotonic() - begun
    console.print(f"{len(done):,} visits in {seconds:.0f} s, each with an answer of {visitors.LENGTH} items")
    console.print(_visits_table(done))
    console.print(_attributed_table(_attributed(group, settings, done)))


def _prepared(group: DatasetGroup, personalize: Any) -> tuple[tuple[str, str], str]:
    """The ARNs of both campaigns, and the tracking id."""
    campaigns = [find_by(personalize, "list_campaigns", name=name) for name in SOLUTIONS]
    tracker = find_by(personalize, "list_event_trackers", name=group.name)
    if tracker is None or not all(campaigns):
        raise NotReadyError(
            "There is nothing to visit yet: run retrain_recommenders first (`make demo` does)."
        )
    description = personalize.describe_event_tracker(eventTrackerArn=tracker["eventTrackerArn"])
    champion, challenger = (campaign["campaignArn"] for campaign in campaigns if campaign)
    return (champion, challenger), description["eventTracker"]["trackingId"]


def _attributed(group: DatasetGroup, settings: Settings, done: Sequence[Visit]) -> Online | None:
    """What the service says, once it has counted these visits too."""
    cloudwatch, s3 = local_aws.client(settings, "cloudwatch"), local_aws.client(settings, "s3")
    past = history.read(s3, group.bucket, group.prefix)
    viewed = sum(len(visit.reaction.viewed) for visit in done)
    deadline = time.monotonic() + ATTRIBUTED_SECONDS
    while True:
        online = read.online(group, past, cloudwatch, s3, datetime.now(UTC))
        views = sum(period.rates["views"].total for period in online.periods) if online else 0
        if views >= viewed or time.monotonic() > deadline:
            return online
        time.sleep(1)


def _visits_table(done: Sequence[Visit]) -> Table:
    table = Table(title="What the visitors did", title_justify="left")
    for name in ("campaign", "visitors", "viewed", "bought"):
        table.add_column(name, justify="left" if name == "campaign" else "right")
    for campaign in sorted({visit.campaign for visit in done}):
        own = [visit.reaction for visit in done if visit.campaign == campaign]
        viewed, bought = (sum(len(getattr(one, name)) for one in own) for name in ("viewed", "bought"))
        table.add_row(campaign.split("/")[-1], f"{len(own):,}", f"{viewed:,}", f"{bought:,}")
    return table


def _attributed_table(online: Online | None) -> Table:
    view = view_of(online)
    table = Table(title="What the metric attribution says, of the last two weeks", title_justify="left")
    if view is None:
        return table
    table.caption = view.answer
    for name in ("campaign of", "version", "answers", f"{view.offline} offline"):
        table.add_column(name)
    for metric in view.metrics:
        table.add_column(f"{metric} for 100 answers")
    for line in view.lines:
        cells = [f"{cell.value}  ({cell.interval})" if cell.interval else cell.value for cell in line.cells]
        table.add_row(line.solution, line.version, line.answers, line.offline, *cells)
    return table
