"""A domain group of recommenders alone, and runs that have found them active, stopped, or failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from encore import history
from tests.support.past_runs import NDCG, past_runs

USE_CASES = {
    "top": "aws-ecomm-popular-items-by-views",
    "for-you": "aws-ecomm-recommended-for-you",
    "bought-together": "aws-ecomm-frequently-bought-together",
}
REASONS = {
    "promoted": "Trained and served by the service.",
    "held": "It answers nothing, and is not paid for.",
    "failed": "recommender_top: ResourceNotFoundException: there is no role 'Personalize'. Make it, or name another.",
}
UNUSED = [
    "recommender top: nobody has asked it for 14 days: stop it, which keeps its model (price unknown)",
    "recommender for-you: nobody has asked it for 14 days: stop it, which keeps its model (about 360.00 USD a month)",
]
#: The service has trained anew before these of the runs.
TRAINED_AT = (0, 7, 14, 21, 28)


def pipeline_file(**top: Any) -> dict[str, Any]:
    """A pipeline file of a group of recommenders alone.

    :param top: further settings of the first
    """
    recommenders = [{"name": name, "recipe": recipe} for name, recipe in USE_CASES.items()]
    group = {
        "name": "shop",
        "dag_suffix": "",
        "domain": "ECOMMERCE",
        "role": "Role",
        "bucket": "encore-shop",
        "prefix": "shop",
        "datasets": {
            kind: {"schema": f"schemas/{kind}.json", "sql": f"sql/{kind}.sql"}
            for kind in ("interactions", "users", "items")
        },
        "recommenders": [recommenders[0] | top, *recommenders[1:]],
    }
    return {"dataset_groups": [group]}


def recommender_runs(
    count: int = 30, outcomes: Mapping[str, str] | None = None, usd: float | None = 12.0
) -> list[dict[str, Any]]:
    """The rows of so many runs.

    :param outcomes: of the newest run, by recommender; default: promoted
    :param usd: a day; None where the price is not known
    """
    rows = []
    for past in [row for row in past_runs(count) if row["solution"] == "you"]:
        number = len(rows) // len(USE_CASES)
        week = sum(number >= begin for begin in TRAINED_AT)
        for number_of_case, (name, recipe) in enumerate(USE_CASES.items()):
            outcome = (outcomes or {}).get(name, "promoted") if number == count - 1 else "promoted"
            value = 0.11 + 0.05 * number_of_case + 0.004 * (week % 3)
            rows.append(
                {
                    "recorded_at": past["recorded_at"],
                    "dataset_group": "shop",
                    "dag_id": "retrain_recommenders",
                    "run_id": past["run_id"],
                    "solution": name,
                    "recipe": recipe,
                    "outcome": outcome,
                    "reason": REASONS[outcome],
                    "trained_by": None if outcome == "failed" else "AUTOMATIC",
                    "solution_version_arn": None if outcome == "failed" else _arn(name),
                    "metrics": None if outcome == "failed" else {NDCG: value, "coverage": 0.4 + value},
                    "rows": past["rows"],
                    "cost_usd": 0.1,
                    "campaign_usd_a_day": 0.0 if outcome == "held" else usd,
                    "seconds": {name: s for name, s in past["seconds"].items() if name != "train"},
                    "unused": json.dumps(UNUSED if number == count - 1 else []),
                }
            )
    return history.from_parquet(history.to_parquet(rows))


def _arn(name: str) -> str:
    return f"arn:aws:personalize:us-east-1:123456789012:recommender/{name}"
