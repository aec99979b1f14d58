"""How the pipeline file and the account differ, and what a run would do about it. Nothing is changed.

What a run does every time (export, import, train) is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from airflow_personalize.export.schema.avro import load_schema, schema_hash
from encore.config.batch import BatchJob
from encore.config.models import RECIPE_ARN, DatasetGroup, Solution
from encore.config.recipes import WITHOUT_CAMPAIGN
from encore.deployment.difference import Difference, changed
from encore.deployment.inventory import Description, Inventory
from encore.deployment.plan_online import of_events, of_recommenders


def differences(group: DatasetGroup, existing: Inventory | None, include: Path) -> Iterator[Difference]:
    """Everything that differs, and what the file does not name."""
    if existing is None:
        existing = Inventory({"datasetGroupArn": "", "domain": group.domain})
        yield Difference("create", f"dataset group {group.name}", group.domain or "")
    elif existing.domain != group.domain:
        said = changed("domain", existing.domain, group.domain)
        yield Difference("blocked", f"dataset group {group.name}", f"{said}: use another name")
    yield from _of_datasets(group, existing, include)
    for solution in group.solutions:
        yield from _of_solution(solution, existing)
        if solution.recipe not in WITHOUT_CAMPAIGN:
            yield from _of_campaign(solution, existing)
    for job in group.batch_jobs:
        yield from _of_batch_job(job, existing)
    yield from _of_filters(group, existing)
    yield from of_recommenders(group, existing)
    yield from of_events(group, existing)
    yield from _left(group, existing)


def _of_datasets(group: DatasetGroup, existing: Inventory, include: Path) -> Iterator[Difference]:
    for kind, dataset in group.datasets.items():
        what = f"dataset {kind}"
        wanted = load_schema(include / dataset.avro_schema)
        if kind not in existing.datasets:
            yield Difference(
                "create", what, f"with the schema {wanted.versioned_name(f'{group.name}-{kind}')}"
            )
            continue
        current = existing.datasets[kind]
        if schema_hash(current.schema) == wanted.hash:
            continue
        said, is_accepted = _schema_change(current.schema, wanted.definition)
        details = f"{dataset.avro_schema} {said}"
        if is_accepted and kind != "interactions":
            yield Difference("update", what, details)
        else:
            advice = "the service takes only further fields that may be null, of users and items; delete the dataset"
            yield Difference("blocked", what, f"{details}: {advice}, or go back to {current.schema_arn}")


def _schema_change(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[str, bool]:
    """What a schema's change comes to, and whether the service can make it in place."""
    before = {entry["name"]: entry for entry in current["fields"]}
    after = {entry["name"]: entry for entry in wanted["fields"]}
    added = [name for name in after if name not in before]
    removed = [name for name in before if name not in after]
    other = [name for name in after if name in before and after[name] != before[name]]
    parts = {"adds": added, "takes away": removed, "changes": other}
    said = "; ".join(f"{verb} {', '.join(names)}" for verb, names in parts.items() if names)
    optional = all("null" in after[name]["type"] for name in added)
    return said or "has the fields in another order", bool(added) and optional and not removed and not other


def _of_solution(solution: Solution, existing: Inventory) -> Iterator[Difference]:
    what = f"solution {solution.name}"
    current = existing.solutions.get(solution.name)
    if current is None:
        yield Difference("create", what, solution.recipe)
        return
    config = current.get("solutionConfig", {})
    pairs: dict[str, tuple[Any, Any]] = {
        "recipe": (current.get("recipeArn"), solution.recipe_arn),
        "event type": (current.get("eventType"), solution.event_type),
        "performHPO": (current.get("performHPO", False), solution.perform_hpo),
        **{name: (config.get(name), value) for name, value in solution.request().items()},
    }
    changes = [changed(name, *pair) for name, pair in pairs.items() if pair[0] != pair[1]]
    if changes:
        advice = "a solution can't be changed: give it another name, or delete the old one"
        yield Difference("blocked", what, f"{'; '.join(changes)}: {advice}")
    elif trains_by_itself(current):
        yield Difference("update", what, changed("performAutoTraining", True, False))


def trains_by_itself(solution: Description) -> bool:
    """Whether the service trains versions that nobody asked for, every seven days by default."""
    update = solution.get("latestSolutionUpdate", {})
    if "performAutoTraining" in update and update.get("status") != "CREATE FAILED":
        return bool(update["performAutoTraining"])
    return bool(solution.get("performAutoTraining", False))


def campaign_state(campaign: Description) -> Mapping[str, Any]:
    """What a campaign has, or is on its way to."""
    update: Mapping[str, Any] = campaign.get("latestCampaignUpdate", {})
    return campaign if update.get("status", "CREATE FAILED").endswith("FAILED") else update


def _of_campaign(solution: Solution, existing: Inventory) -> Iterator[Difference]:
    name = solution.campaign_name
    what = f"campaign {name}"
    current = next((entry for entry in existing.all_campaigns() if entry["name"] == name), None)
    tps = solution.campaign.min_provisioned_tps
    if current is None:
        yield Difference("create", what, f"{tps} TPS provisioned, which cost from then on")
        return
    if current["status"] == "CREATE FAILED":
        yield Difference("blocked", what, "its creation has failed: delete it")
        return
    state = campaign_state(current)
    config = state.get("campaignConfig", {})
    pairs = {
        "minProvisionedTPS": (state.get("minProvisionedTPS", 1), tps),
        "syncWithLatestSolutionVersion": (
            config.get("syncWithLatestSolutionVersion", False),
            solution.campaign.config.get("syncWithLatestSolutionVersion", False),
        ),
        **{key: (config.get(key), value) for key, value in solution.campaign.config.items()},
    }
    changes = [changed(key, *pair) for key, pair in pairs.items() if pair[0] != pair[1]]
    if str(state["solutionVersionArn"]).split("/")[-2] != solution.name:
        changes.append(changed("solution", str(state["solutionVersionArn"]).split("/")[-2], solution.name))
    if changes:
        yield Difference("update", what, "; ".join(changes))


def _of_batch_job(job: BatchJob, existing: Inventory) -> Iterator[Difference]:
    """The solution of a job with a recipe of its own."""
    if not job.recipe:
        return
    what = f"solution {job.solution_name} of the batch job"
    current = existing.solutions.get(job.solution_name)
    if current is None:
        yield Difference("create", what, job.recipe)
    elif current["recipeArn"] != RECIPE_ARN.format(job.recipe):
        said = changed("recipe", current["recipeArn"], RECIPE_ARN.format(job.recipe))
        yield Difference("blocked", what, f"{said}: give the job another name, or delete the solution")


def _of_filters(group: DatasetGroup, existing: Inventory) -> Iterator[Difference]:
    for filter_ in group.filters:
        current = existing.filters.get(filter_.name)
        if current is None:
            yield Difference("create", f"filter {filter_.name}", filter_.expression)
        elif current["filterExpression"].split() != filter_.expression.split():
            said = changed("expression", current["filterExpression"], filter_.expression)
            advice = "a filter can't be changed: give it another name, or delete the old one"
            yield Difference("blocked", f"filter {filter_.name}", f"{said}: {advice}")


def _left(group: DatasetGroup, existing: Inventory) -> Iterator[Difference]:
    named: dict[str, set[str]] = {
        "dataset": set(group.datasets),
        "solution": {solution.name for solution in group.solutions}
        | {job.solution_name for job in group.batch_jobs},
        "campaign": {solution.campaign_name for solution in group.solutions},
        "filter": {filter_.name for filter_ in group.filters},
        "recommender": {recommender.name for recommender in group.recommenders},
        "event tracker": {group.event_tracker.name or group.name} if group.event_tracker else set(),
        "metric attribution": {group.metric_attribution.name or group.name}
        if group.metric_attribution
        else set(),
    }
    everything: dict[str, Iterable[str]] = {
        "dataset": existing.datasets,
        "solution": existing.solutions,
        "campaign": [entry["name"] for entry in existing.all_campaigns()],
        "filter": existing.filters,
        "recommender": existing.recommenders,
        "event tracker": existing.event_trackers,
        "metric attribution": existing.metric_attributions,
    }
    for kind, names in everything.items():
        for name in sorted(set(names) - named.get(kind, set())):
            yield Difference("left", f"{kind} {name}")
