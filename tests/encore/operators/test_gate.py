"""The gate of a new version against a real service."""

from __future__ import annotations

import pytest

from encore.operators.gate import PersonalizeGateOperator
from tests.support.operator_runs import BUCKET, Task

NDCG = "normalized_discounted_cumulative_gain_at_25"


def judge(resources, rule, promote="gate"):
    operator = PersonalizeGateOperator(
        task_id="gate",
        solution_version_arn=resources.versions[1],
        campaign_name="operated",
        bucket=BUCKET,
        prefix="gated",
        gates={"operated": {"metrics": {NDCG: rule}, "baseline": None}},
        data_gate={"held_out_users": 50},
        policy=promote,
    )
    task = Task("gate")
    return task.run(operator), task.xcoms["decision"]


def test_the_gate_compares_with_what_the_campaign_serves_and_decides(service, operated):
    verdict, decision = judge(operated, {"tolerance": 0})
    assert verdict == "promote", decision
    assert decision["live"] == operated.versions[0]
    assert decision["live_metrics"][NDCG] == pytest.approx(decision["rows"][0]["new"])
    assert judge(operated, {"floor": 1})[0] == "hold"
    assert judge(operated, {"floor": 1}, promote="ask")[0] == "ask"
