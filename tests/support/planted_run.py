"""A whole retraining as Airflow would tell of it: two solutions, one held; made by what makes it in a real run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from encore.comparison.compare import compare
from encore.comparison.table import as_document
from encore.config.policies import Gate
from encore.gates.checks import Check
from encore.gates.data_quality import Verdict
from encore.gates.promotion import Version, decide
from tests.support.comparisons import lists, shop
from tests.support.past_runs import NDCG
from tests.support.planted_airflow import PlantedAirflow

#: Task id, operator, begin and length in seconds; those of a solution once for each.
STEPS = [
    ("validate_parameters", "PersonalizeValidateParametersOperator", 2, 2),
    ("preflight", "PersonalizePreflightOperator", 5, 4),
    ("dataset_group", "PersonalizeCreateDatasetGroupOperator", 10, 5),
    ("users.export", "SqlToPersonalizeDatasetOperator", 16, 12),
    ("items.export", "SqlToPersonalizeDatasetOperator", 16, 8),
    ("data_gate", "PersonalizeDataGateOperator", 32, 7),
    ("interactions.import", "PersonalizeCreateDatasetImportJobOperator", 41, 95),
    ("users.import", "PersonalizeCreateDatasetImportJobOperator", 41, 30),
    ("solution.train", "PersonalizeCreateSolutionVersionOperator", 138, 420),
    ("solution.gate", "PersonalizeGateOperator", 560, 4),
    ("solution.campaign", "PersonalizePromoteOperator", 566, 60),
    ("solution.verify", "PersonalizeVerifyCampaignOperator", 628, 6),
    ("record", "PersonalizeRecordRunOperator", 640, 5),
    ("notify", "PersonalizeNotifyOperator", 646, 3),
]
EXPORTED = {
    "users.export": ("users", 5_240, {"null_in_required": 3}),
    "items.export": ("items", 2_130, {}),
}


def plant_run(airflow: PlantedAirflow, row: Mapping[str, Any], until: str = "notify") -> dict[str, Any]:
    """The run that a row of the history is of, with its steps up to one; returns it as Airflow's API gives it."""
    begin: datetime = row["recorded_at"]
    run = airflow.add_run(
        row["run_id"],
        run_after=begin.isoformat(),
        start_date=begin.isoformat(),
        end_date=(begin + timedelta(seconds=650)).isoformat(),
    )
    for task_id, operator, first, length in STEPS:
        names = ("you", "related") if task_id.startswith("solution.") else (None,)
        for number, name in enumerate(names):
            start = begin + timedelta(seconds=first + 3 * number)
            airflow.add_task(
                run,
                task_id,
                operator=operator,
                operator_name=operator,
                map_index=number if name else -1,
                rendered_map_index=name,
                start_date=start.isoformat(),
                end_date=(start + timedelta(seconds=length / (1 + 2 * number))).isoformat(),
            )
        if task_id == until:
            break
    _plant_data(airflow)
    _plant_decisions(airflow)
    return run


def _plant_data(airflow: PlantedAirflow) -> None:
    for task_id, (dataset, rows, rejected) in EXPORTED.items():
        lost = sum(rejected.values())
        summary = {"dataset": dataset, "rows_read": rows, "rows_written": rows - lost}
        airflow.xcoms[task_id, -1, "return_value"] = summary | {"rows_rejected": lost, "rejected": rejected}
    verdict = Verdict(
        [
            Check("rows of interactions", "271,400 (usually 268,000)", "at least 134,000", True),
            Check("newest interaction", "2026-02-28 02:41 UTC, 0.3 h old", "at most 72 h old", True),
            Check("nulls of users.segment", "34% | usually 4%", "at most 14%", False, "Look at the query."),
        ]
    )
    airflow.xcoms["data_gate", -1, "return_value"] = {
        **verdict.as_json(),
        "rows": {"interactions": 271_400, "users": 5_237, "items": 2_130},
        "bytes": 9_800_000,
        "held_out_users": 523,
        "insights": ["12% of the items have no interactions."],
    }


def _plant_decisions(airflow: PlantedAirflow) -> None:
    metrics = {"you": ({NDCG: 0.1304}, {NDCG: 0.2004}), "related": ({NDCG: 0.1421}, {NDCG: 0.1406})}
    for number, (name, (new, live)) in enumerate(metrics.items()):
        decision = decide(
            name,
            Gate(),
            Version(f"arn:aws:personalize:us-east-1:123456789012:solution/{name}/0000001d", new, 523),
            Version(f"arn:aws:personalize:us-east-1:123456789012:solution/{name}/0000001c", live),
            Version("arn:aws:personalize:us-east-1:123456789012:solution/popular/0000001d", {NDCG: 0.0889}),
        )
        airflow.xcoms["solution.gate", number, "decision"] = decision.as_json()
    sample, scores = shop()
    compared = compare(
        sample, lists(scores, 0.5), lists(scores, 2.0, seed=2), metric="ndcg_at_25", confidence=0.95
    )
    airflow.xcoms["solution.gate", 1, "decision"]["comparison"] = {
        **as_document(compared),
        "days": ["2026-02-28"],
    }
