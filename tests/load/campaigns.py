"""Sixty-four campaigns in one `localpersonalize`: what they hold, how soon all of them answer again, and how fast.

    python -m tests.load.campaigns

Beside it the same with one campaign. Requests come at a fixed rate, spread over all campaigns. Then every campaign is
moved to another version and back: what it has loaded before must be given back.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from benchmarks import load
from benchmarks.live_service import LiveService
from benchmarks.serving import interactions
from tests.load.sampling import report, sample

USERS, ITEMS = 1_000, 5_000


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaigns", type=int, default=64)
    parser.add_argument("--recipe", default="aws-hrnn")
    parser.add_argument("--rate", type=float, default=100, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="campaigns-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        (folder / "data" / "quotas.toml").write_text(f"[total]\nCampaign = {options.campaigns}\n")
        service = LiveService(folder)
        service.start()
        try:
            versions = _trained(service, options.recipe)
            campaigns = [service.campaign(versions[0], "c0")]
            _measure(service, campaigns, options)
            begun = time.perf_counter()
            campaigns += [service.campaign(versions[0], f"c{n}") for n in range(1, options.campaigns)]
            report(step="made", campaigns=len(campaigns), seconds=round(time.perf_counter() - begun, 1))
            _measure(service, campaigns, options)
            for version in reversed(versions * 2):
                _move(service, campaigns, version)
                report(step="moved", campaigns=len(campaigns), **sample(service))
        finally:
            service.stop()


def _trained(service: LiveService, recipe: str) -> list[str]:
    """Two versions of a solution."""
    role = service.prepare_account()
    group, dataset = service.dataset_group("shop")
    service.wait_for_import(service.start_import(dataset, interactions(USERS, ITEMS), "rows", role))
    first = service.train(group, recipe, "you")
    return [first, service.retrain(first.rsplit("/", 1)[0])]


def _measure(service: LiveService, campaigns: list[str], options: argparse.Namespace) -> None:
    """Start anew, then ask: the first second of each start is not counted."""
    service.stop()
    begun = time.perf_counter()
    service.start()
    _wait_until_all_answer(service, campaigns)
    seconds = round(time.perf_counter() - begun, 1)
    rested = sample(service)
    bodies = [
        {"campaignArn": campaigns[n % len(campaigns)], "userId": f"u{n % USERS}", "numResults": 25}
        for n in range(int(options.rate * options.seconds))
    ]
    # The first request of a campaign is slower.
    load.run(
        "127.0.0.1", service.port, service.signed("/recommendations", bodies[: 2 * len(campaigns)]), 0, 4
    )
    ready = service.signed("/recommendations", bodies)
    answered = load.run("127.0.0.1", service.port, ready, options.rate).summary()
    report(
        step="asked",
        campaigns=len(campaigns),
        seconds_until_all_answer=seconds,
        **{key: answered[key] for key in ("rate", "errors", "p50", "p99")},
        **sample(service),
        memory_mb_at_rest=rested["memory_mb"],
    )


def _wait_until_all_answer(service: LiveService, campaigns: list[str]) -> None:
    runtime = service.client("personalize-runtime")
    for arn in campaigns:
        ends = time.monotonic() + 300
        while True:
            with suppress(ClientError):
                runtime.get_recommendations(campaignArn=arn, userId="u1", numResults=1)
                break
            assert time.monotonic() < ends, f"{arn} does not answer"
            time.sleep(0.05)


def _move(service: LiveService, campaigns: list[str], version: str) -> None:
    personalize: Any = service.client("personalize")
    for arn in campaigns:
        personalize.update_campaign(campaignArn=arn, solutionVersionArn=version)
    for arn in campaigns:
        ends = time.monotonic() + 300
        while True:
            campaign = personalize.describe_campaign(campaignArn=arn)["campaign"]
            if campaign["solutionVersionArn"] == version:
                break
            assert time.monotonic() < ends, campaign
            time.sleep(0.05)


if __name__ == "__main__":
    main()
