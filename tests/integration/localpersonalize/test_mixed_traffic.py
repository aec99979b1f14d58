"""Events, recommendations, a campaign update, a rollback and a SIGKILL at once, through boto3 against a
real process.

`MIXED_TRAFFIC_SECONDS` (default 15) says how long.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from benchmarks.live_service import LiveService

pytestmark = pytest.mark.long

SECONDS = float(os.environ.get("MIXED_TRAFFIC_SECONDS", "15"))
USERS = [f"u{n}" for n in range(60)]
ITEMS = [f"i{n}" for n in range(60)]


def interactions(hit: str) -> pa.Table:
    """Fifty users touch every item, all touch ``hit``: the top item tells which data a model saw."""
    rows = [(user, item, 1_700_000_000 + n) for user in USERS[:50] for n, item in enumerate(ITEMS)]
    rows += [(user, hit, 1_700_001_000) for user in USERS]
    users, items, times = zip(*rows, strict=True)
    return pa.table(
        {"USER_ID": users, "ITEM_ID": items, "EVENT_TYPE": ["view"] * len(rows), "TIMESTAMP": times}
    )


@dataclass
class Observed:
    """What the clients saw; times are monotonic seconds."""

    versions: list[tuple[float, float, str]] = field(
        default_factory=list
    )  # asked, answered, most popular item
    errors: list[tuple[float, float, str]] = field(default_factory=list)
    acknowledged: dict[str, list[str]] = field(default_factory=lambda: {user: [] for user in USERS})
    unseen: list[tuple[str, str]] = field(default_factory=list)
    switches: list[tuple[float, float, str]] = field(
        default_factory=list
    )  # asked for, ACTIVE, hit from then on
    outage: tuple[float, float] = (0.0, 0.0)


class Traffic:
    """Clients that ask until told to stop."""

    def __init__(self, service: LiveService, campaign: str, tracking_id: str, seen: str) -> None:
        self.service, self.campaign, self.tracking_id, self.seen = service, campaign, tracking_id, seen
        self.observed = Observed()
        self.stop = threading.Event()

    def ask_for_versions(self) -> None:
        client = self.service.client("personalize-runtime")
        while not self.stop.is_set():
            begun = time.monotonic()
            try:
                result = client.get_recommendations(
                    campaignArn=self.campaign, userId="stranger", numResults=1
                )
                top = result["itemList"][0]["itemId"]
                self.observed.versions.append((begun, time.monotonic(), top))
            except (BotoCoreError, ClientError) as problem:
                self.failed(begun, problem)

    def send_events(self, part: int, parts: int) -> None:
        """Each user sees each item at most once; after an event is acknowledged, the item must be filtered
        out.
        """
        events, runtime = (
            self.service.client("personalize-events"),
            self.service.client("personalize-runtime"),
        )
        turn = ((user, item) for item in ITEMS for user in USERS[part::parts])
        for user, item in turn:
            if self.stop.is_set():
                return
            begun = time.monotonic()
            try:
                events.put_events(
                    trackingId=self.tracking_id,
                    userId=user,
                    sessionId=f"session-{user}",
                    eventList=[{"eventType": "seen", "itemId": item, "sentAt": int(time.time())}],
                )
                self.observed.acknowledged[user].append(item)
                if item in item_ids(runtime, self.campaign, user, self.seen):
                    self.observed.unseen.append((user, item))
            except (BotoCoreError, ClientError) as problem:
                self.failed(begun, problem)

    def failed(self, begun: float, problem: Exception) -> None:
        self.observed.errors.append((begun, time.monotonic(), f"{type(problem).__name__}: {problem}"))
        time.sleep(0.05)

    def switch(self, version: str, hit: str) -> None:
        """UpdateCampaign and wait until it says ACTIVE."""
        personalize = self.service.client("personalize")
        begun = time.monotonic()
        personalize.update_campaign(campaignArn=self.campaign, solutionVersionArn=version)

        def served() -> dict[str, Any]:
            body = personalize.describe_campaign(campaignArn=self.campaign)["campaign"]
            assert body["status"] == "ACTIVE"
            return body["latestCampaignUpdate"]

        self.service.wait(served)
        self.observed.switches.append((begun, time.monotonic(), hit))

    def kill_and_restart(self) -> None:
        begun = time.monotonic()
        self.service.kill()
        self.service.start()
        self.observed.outage = (begun, time.monotonic())


def item_ids(runtime: Any, campaign: str, user: str, seen: str) -> set[str]:
    result = runtime.get_recommendations(campaignArn=campaign, userId=user, numResults=100, filterArn=seen)
    return {item["itemId"] for item in result["itemList"]}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    made = LiveService(tmp_path_factory.mktemp("mixed"))
    made.start()
    yield made
    made.stop()


def run_traffic(service: LiveService, folder: Path) -> Observed:
    role = service.prepare_account()
    group, dataset = service.dataset_group("mixed")
    personalize = service.client("personalize")
    service.wait_for_import(service.start_import(dataset, interactions("hit"), "first", role))
    old = service.train(group, "aws-popularity-count", "mixed")
    service.wait_for_import(service.start_import(dataset, interactions("new hit"), "second", role))
    new = service.retrain(old.rsplit("/", 1)[0])
    campaign = service.campaign(old, "mixed")
    tracking = personalize.create_event_tracker(name="mixed", datasetGroupArn=group)
    service.wait(
        lambda: personalize.describe_event_tracker(eventTrackerArn=tracking["eventTrackerArn"])[
            "eventTracker"
        ]
    )
    seen = personalize.create_filter(
        name="seen",
        datasetGroupArn=group,
        filterExpression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("seen")',
    )["filterArn"]
    service.wait(lambda: personalize.describe_filter(filterArn=seen)["filter"])
    traffic = Traffic(service, campaign, tracking["trackingId"], seen)
    threads = [threading.Thread(target=traffic.ask_for_versions) for _ in range(2)]
    threads += [threading.Thread(target=traffic.send_events, args=(part, 2)) for part in range(2)]
    traffic.observed.switches.append((time.monotonic(), time.monotonic(), "hit"))
    for thread in threads:
        thread.start()
    try:
        for act in (
            lambda: traffic.switch(new, "new hit"),
            lambda: traffic.switch(old, "hit"),
            traffic.kill_and_restart,
            lambda: None,
        ):
            time.sleep(SECONDS / 5)
            act()
    finally:
        time.sleep(SECONDS / 5)
        traffic.stop.set()
        for thread in threads:
            thread.join()
    runtime = service.client("personalize-runtime")
    for user, items in traffic.observed.acknowledged.items():
        lost = set(items) & item_ids(runtime, campaign, user, seen)
        traffic.observed.unseen += [(user, f"{item} (lost)") for item in lost]
    return traffic.observed


@pytest.fixture(scope="module")
def observed(service: LiveService, tmp_path_factory: pytest.TempPathFactory) -> Observed:
    return run_traffic(service, tmp_path_factory.mktemp("traffic"))


def allowed(observed: Observed, requested: float, answered: float) -> set[str]:
    """The versions that may answer a request: the one in force when it was asked, and any switched to
    meanwhile.
    """
    before = [hit for _, active, hit in observed.switches if active <= requested]
    during = [hit for begun, active, hit in observed.switches if begun <= answered and active >= requested]
    return {before[-1], *during} if before else set(during)


def test_something_was_going_on_all_the_time(observed: Observed) -> None:
    assert len(observed.versions) > 100
    assert sum(map(len, observed.acknowledged.values())) > 50
    assert len(observed.switches) == 3
    last = max(answered for _, answered, _ in observed.versions)
    assert last > observed.outage[1]


def test_no_acknowledged_event_is_lost_or_late(observed: Observed) -> None:
    assert observed.unseen == []


def test_no_request_is_answered_by_a_wrong_version(observed: Observed) -> None:
    wrong = [
        (request, answered, top)
        for request, answered, top in observed.versions
        if top not in allowed(observed, request, answered)
    ]
    assert wrong == []
    assert {top for _, _, top in observed.versions} == {"hit", "new hit"}


def test_no_error_but_while_the_server_was_down(observed: Observed) -> None:
    down, up = observed.outage
    assert [error for error in observed.errors if error[1] < down or error[0] > up] == []
