"""A day of requests in miniature: one for each second, as fast as they go, and what the server holds each hour.

    python -m tests.load.day

Of ten requests seven are for recommendations, two for a ranking, and one puts an event. Memory and handles have to be
flat, once the first hours have filled what is kept; the disk grows by the events alone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import load
from benchmarks.live_service import LiveService
from benchmarks.serving import interactions
from tests.load.sampling import report, sample

USERS, ITEMS = 1_000, 1_000
HOURS, SECONDS = 24, 3_600
RANKED = 20


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="aws-hrnn")
    parser.add_argument("--requests", type=int, default=HOURS * SECONDS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="day-") as name:
        service = LiveService(Path(name))
        service.start()
        try:
            role = service.prepare_account()
            group, dataset = service.dataset_group("shop")
            service.wait_for_import(service.start_import(dataset, interactions(USERS, ITEMS), "rows", role))
            campaigns = {
                "/recommendations": service.campaign(service.train(group, options.recipe, "you"), "you"),
                "/personalize-ranking": service.campaign(
                    service.train(group, "aws-personalized-ranking", "rank"), "rank"
                ),
            }
            tracker = service.client("personalize").create_event_tracker(name="t", datasetGroupArn=group)
            service.wait(
                lambda: service.client("personalize").describe_event_tracker(
                    eventTrackerArn=tracker["eventTrackerArn"]
                )["eventTracker"]
            )
            report(hour=0, **sample(service))
            chance = np.random.default_rng(options.seed)
            for hour in range(1, HOURS + 1):
                _hour(service, campaigns, tracker["trackingId"], options.requests // HOURS, chance, hour)
        finally:
            service.stop()


def _hour(
    service: LiveService,
    campaigns: dict[str, str],
    tracking_id: str,
    count: int,
    chance: np.random.Generator,
    hour: int,
) -> None:
    asked: list[bytes] = []
    for path, share in (("/recommendations", 7), ("/personalize-ranking", 2), ("/events", 1)):
        bodies = (_body(path, campaigns, tracking_id, chance) for _ in range(count * share // 10))
        asked += service.signed(path, bodies)
    order = chance.permutation(len(asked))
    before = service.processor_seconds()
    answered = load.run("127.0.0.1", service.port, [asked[n] for n in order], 0, 16).summary()
    report(
        hour=hour,
        requests=len(asked),
        **{key: answered[key] for key in ("rate", "errors", "p50", "p99")},
        processor_ms_a_request=round((service.processor_seconds() - before) * 1e3 / len(asked), 2),
        **sample(service),
    )


def _body(
    path: str, campaigns: dict[str, str], tracking_id: str, chance: np.random.Generator
) -> dict[str, Any]:
    user = f"u{chance.integers(USERS)}"
    if path == "/events":
        event = {"eventType": "view", "itemId": f"i{chance.integers(ITEMS)}", "sentAt": int(time.time())}
        return {"trackingId": tracking_id, "userId": user, "sessionId": user, "eventList": [event]}
    if path == "/recommendations":
        return {"campaignArn": campaigns[path], "userId": user, "numResults": 25}
    items = [f"i{item}" for item in chance.choice(ITEMS, RANKED, replace=False)]
    return {"campaignArn": campaigns[path], "userId": user, "inputList": items}


if __name__ == "__main__":
    main()
