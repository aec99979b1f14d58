"""What a run would do, found out by only reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow_personalize import solution_versions
from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.manifest import DatasetLocation, Manifest
from airflow_personalize.pagination import find_by
from encore import cost, history
from encore.config.models import DatasetGroup
from encore.gates.data_quality import DatasetFacts, InteractionFacts, judge
from encore.runs.import_days import until


def look_ahead(
    group: DatasetGroup, plan: Mapping[str, Any], s3: Any, client: Any, past: Sequence[Mapping[str, Any]],
    prices: cost.Prices,
) -> dict[str, Any]:  # fmt: skip
    """Lines to read, and the same as data.

    :param s3: an S3 client, and `client` one of the service; both are only asked what there is
    :param past: the history
    """
    found = {kind: _partitions(s3, group, kind, plan.get("as_of")) for kind in group.datasets}
    rows = {kind: sum(each.rows for each in several) for kind, several in found.items()}
    size = sum(each.bytes for several in found.values() for each in several)
    trainings = [_trained(group, name, past) for name in plan["solutions"]]
    estimate = cost.estimate(prices, size, rows["interactions"], trainings)
    facts = [DatasetFacts(kind, rows[kind], history.usual_rows(past, kind)) for kind in rows]
    newest = max((each.max_timestamp for each in found["interactions"] if each.max_timestamp), default=None)
    gate = judge(group.data_gate, facts, InteractionFacts(newest), datetime.now(UTC))
    mode = plan["training_mode"]
    lines = [
        f"import {kind} ({plan['import_mode']}): {rows[kind]:,} rows in {len(found[kind])} partitions, exported last"
        for kind in rows
    ]
    lines += [
        "data gate, as far as it can be told now:",
        gate.as_text() if gate.checks else "  nothing to compare with",
    ]
    served = {name: _live(client, group, name) for name in plan["solutions"]}
    for name, live in served.items():
        solution = group.solution(name)
        lines.append(f"train {name} ({solution.recipe}, {mode}); campaign {solution.campaign_name} "
                     + (f"serves {live}" if live else "would be created") + f"; promote={plan['promote']}")  # fmt: skip
    lines += ["cost:", estimate.as_text()]
    return {
        "lines": lines,
        "rows": rows,
        "live": served,
        "cost": estimate.as_json(),
        "data_gate": gate.as_json(),
    }


def _partitions(s3: Any, group: DatasetGroup, kind: str, as_of: str | None) -> list[Manifest]:
    place = DatasetLocation(group.bucket, group.prefix, kind)
    folders = manifests.directories(s3, place)
    if kind == "interactions" and as_of:
        folders = until(folders, as_of)
    return [each for folder in folders if (each := manifests.read(s3, place, folder))]


def _trained(group: DatasetGroup, name: str, past: Sequence[Mapping[str, Any]]) -> cost.Trained:
    solution = group.solution(name)
    return cost.Trained(
        name, solution.recipe, cost.usual_hours(past, name), solution.campaign.min_provisioned_tps
    )


def _live(client: Any, group: DatasetGroup, name: str) -> str | None:
    """The live version by the campaign's name: nothing tells its ARN before the group is found."""
    campaign = find_by(client, "list_campaigns", name=group.solution(name).campaign_name)
    return solution_versions.live(client, campaign["campaignArn"]) if campaign else None
