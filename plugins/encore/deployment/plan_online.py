"""How file and account differ in what answers and takes events beside campaigns: recommenders, tracker, attribution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from encore.config.events import MetricAttribution
from encore.config.models import RECIPE_ARN, DatasetGroup
from encore.deployment.difference import Difference, changed
from encore.deployment.inventory import Description, Inventory


def of_recommenders(group: DatasetGroup, existing: Inventory) -> Iterator[Difference]:
    """Recommenders that a run makes or updates, and those that it can't."""
    for recommender in group.recommenders:
        what = f"recommender {recommender.name}"
        current = existing.recommenders.get(recommender.name)
        if current is None:
            yield Difference(
                "create", what, f"{recommender.recipe}, which is paid for by the hour from then on"
            )
        elif current["recipeArn"] != RECIPE_ARN.format(recommender.recipe):
            said = changed("recipe", current["recipeArn"], RECIPE_ARN.format(recommender.recipe))
            yield Difference("blocked", what, f"{said}: use another name, or delete the recommender")
        else:
            config = recommender_config(current)
            changes = [
                changed(key, config.get(key), value)
                for key, value in recommender.request().items()
                if config.get(key) != value
            ]
            state = "active" if current["status"] == "ACTIVE" else "stopped"
            if recommender.state not in (None, state):
                changes.append(changed("state", state, recommender.state))
            if changes:
                yield Difference("update", what, "; ".join(changes))


def recommender_config(recommender: Description) -> Mapping[str, Any]:
    """The configuration that a recommender has, or is on its way to; what is not provisioned by number has 1."""
    update: Mapping[str, Any] = recommender.get("latestRecommenderUpdate", {})
    state = recommender if str(update.get("status", "CREATE FAILED")).endswith("FAILED") else update
    return {"minRecommendationRequestsPerSecond": 1, **state.get("recommenderConfig", {})}


def reports_location(attribution: Description) -> str | None:
    """Where in S3 the reports of a metric attribution go; None if it writes none."""
    location: str | None = attribution.get("metricsOutputConfig", {}).get("s3DataDestination", {}).get("path")
    return location


def of_events(group: DatasetGroup, existing: Inventory) -> Iterator[Difference]:
    """The event tracker and the metric attribution."""
    if (
        group.event_tracker
        and (name := group.event_tracker.name or group.name) not in existing.event_trackers
    ):
        if others := ", ".join(existing.event_trackers):
            yield Difference(
                "blocked", f"event tracker {name}", f"a group has one, and this has {others}: use that name"
            )
        else:
            yield Difference("create", f"event tracker {name}")
    if group.metric_attribution:
        name = group.metric_attribution.name or group.name
        current = existing.metric_attributions.get(name)
        if current is None:
            yield Difference("create", f"metric attribution {name}")
        elif changes := list(_attribution_changes(group, group.metric_attribution, current)):
            yield Difference("update", f"metric attribution {name}", "; ".join(changes))


def _attribution_changes(
    group: DatasetGroup, attribution: MetricAttribution, current: Description
) -> Iterator[str]:
    before = {
        metric["metricName"]: (metric["eventType"], metric["expression"]) for metric in current["metrics"]
    }
    after = {metric.name: (metric.event_type, metric.expression) for metric in attribution.metrics}
    if removed := [name for name in before if name not in after]:
        yield f"takes away {', '.join(removed)}"
    if added := [name for name in after if name not in before]:
        yield f"adds {', '.join(added)}"
    if other := [name for name in after if name in before and after[name] != before[name]]:
        yield f"changes {', '.join(other)}"
    wanted = group.attribution_uri if attribution.reports else None
    if (location := reports_location(current)) != wanted:
        yield changed("reports", location, wanted)
