"""What a run would do, found out by only reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_personalize import solution_versions
from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.manifest import DatasetLocation, Manifest
from airflow_personalize.pagination import find_by
from encore import cost, history
from encore.config.models import DatasetGroup, DatasetType
from encore.gates.data_quality import DatasetFacts, InteractionFacts, Verdict, judge, reference_time
from encore.gates.drift import Drift
from encore.gates.profiled_data import of_partitions
from encore.runs.export_days import FROM_FIRST_INTERACTION
from encore.runs.import_days import days_until


def preview(
    group: DatasetGroup,
    plan: Mapping[str, Any],
    s3: Any,
    client: Any,
    past: Sequence[Mapping[str, Any]],
    prices: cost.Prices,
) -> dict[str, Any]:
    """Lines to read, and the same as data.

    :param s3: an S3 client, and `client` one of the service; both are only asked what there is
    :param past: the history
    """
    partitions = {dataset: _partitions(s3, group, dataset, plan.get("as_of")) for dataset in group.datasets}
    rows = {dataset: sum(entry.rows for entry in entries) for dataset, entries in partitions.items()}
    size = sum(entry.bytes for entries in partitions.values() for entry in entries)
    served = {name: _live(client, group, name) for name in plan["solutions"]}
    compares = group.comparison is not None and plan["import_mode"] == "FULL"
    trainings = [_training(group, name, past, served[name], compares) for name in plan["solutions"]]
    estimate = cost.estimate(prices, size, rows["interactions"], trainings)
    running = [entry for entry in group.recommenders if entry.state != "stopped"]
    served_daily = [
        cost.recommender_day(prices, entry.name, entry.min_requests_per_second) for entry in running
    ]
    estimate = cost.Estimate([*estimate.items, *served_daily], prices.as_of)
    profiled = of_partitions(s3, group.bucket, partitions, past, group.data_gate.compare_runs)
    gate = _data_gate(group, rows, partitions["interactions"], past, plan.get("as_of"), profiled.drifts)
    lines = [
        f"import {dataset} ({plan['import_mode']}): {rows[dataset]:,} rows in {len(entries)} partitions, exported last"
        for dataset, entries in partitions.items()
    ]
    if plan.get("history") == FROM_FIRST_INTERACTION:
        lines.append(
            "days of interactions that were never exported, from the first one on, are exported before"
        )
    lines += ["insights, before the import:", *(f"  {insight}" for insight in profiled.insights or ["none"])]
    lines += [
        "data gate, as far as it can be judged now:",
        gate.as_text() if gate.checks else "  nothing to compare with",
    ]
    if compares and group.comparison:
        lines.append(
            f"comparison: the newest {group.comparison.held_back_days} exported days are not imported; up to"
            f" {group.comparison.users:,} users are asked of each solution's new and live version"
        )
    lines += [_training_line(group, plan, name, live) for name, live in served.items()]
    lines += [
        f"recommender {entry.name} ({entry.recipe}): made, or kept as the file says"
        for entry in group.recommenders
    ]
    lines += ["cost:", estimate.as_text()]
    return {
        "lines": lines,
        "rows": rows,
        "live": served,
        "cost": estimate.as_json(),
        "data_gate": gate.as_json(),
        "insights": profiled.insights,
    }


def _data_gate(
    group: DatasetGroup,
    rows: Mapping[DatasetType, int],
    interactions: Sequence[Manifest],
    past: Sequence[Mapping[str, Any]],
    as_of: str | None,
    drifts: Sequence[Drift],
) -> Verdict:
    facts = [
        DatasetFacts(dataset, count, history.usual_rows(past, dataset)) for dataset, count in rows.items()
    ]
    newest = max((entry.max_timestamp for entry in interactions if entry.max_timestamp), default=None)
    return judge(group.data_gate, facts, InteractionFacts(newest), reference_time(as_of), drifts)


def _training_line(group: DatasetGroup, plan: Mapping[str, Any], name: str, live: str | None) -> str:
    solution = group.solution(name)
    served = f"serves {live}" if live else "would be created"
    return (
        f"train {name} ({solution.recipe}, {plan['training_mode']}); campaign {solution.campaign_name} {served};"
        f" promote={plan['promote']}"
    )


def _partitions(s3: Any, group: DatasetGroup, dataset: str, as_of: str | None) -> list[Manifest]:
    location = DatasetLocation(group.bucket, group.prefix, dataset)
    folders = manifests.directories(s3, location)
    if dataset == "interactions" and as_of:
        folders = days_until(folders, as_of)
    return [entry for folder in folders if (entry := manifests.read(s3, location, folder))]


def _training(
    group: DatasetGroup, name: str, past: Sequence[Mapping[str, Any]], live: str | None, compares: bool
) -> cost.Training:
    solution = group.solution(name)
    users = group.comparison.users if group.comparison and compares else 0
    return cost.Training(
        name,
        solution.recipe,
        cost.usual_hours(past, name),
        solution.campaign.min_provisioned_tps,
        cost.compared_lines(solution.recipe, users, 2 if live else 1),
    )


def _live(client: Any, group: DatasetGroup, name: str) -> str | None:
    """The live version by the campaign's name: its ARN is not known before the group is found."""
    campaign = find_by(client, "list_campaigns", name=group.solution(name).campaign_name)
    return solution_versions.live(client, campaign["campaignArn"]) if campaign else None
