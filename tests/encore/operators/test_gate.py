"""The gate of a new version against a real service."""

from __future__ import annotations

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.sdk.exceptions import DownstreamTasksSkipped

from encore.operators.approval import PersonalizeApprovalOperator
from encore.operators.gate import PersonalizeGateOperator
from encore.operators.hold import PersonalizeHoldOperator
from encore.operators.promotion import PersonalizePromoteOperator
from tests.support.operator_runs import BUCKET, Task

NDCG = "normalized_discounted_cumulative_gain_at_25"


def gate_of(resources, rule, promote="gate"):
    return PersonalizeGateOperator(
        task_id="gate",
        solution_version_arn=resources.versions[1],
        campaign_name="operated",
        bucket=BUCKET,
        prefix="gated",
        gates={"operated": {"metrics": {NDCG: rule}, "baseline": None}},
        data_gate={"held_out_users": 50},
        policy=promote,
    )


def judge(resources, rule, promote="gate"):
    task = Task("gate")
    return task.run(gate_of(resources, rule, promote)), task.xcoms["decision"]


def test_the_gate_compares_with_what_the_campaign_serves_and_decides(service, operated):
    verdict, decision = judge(operated, {"tolerance": 0})
    assert verdict == "promote", decision
    assert decision["live"] == operated.versions[0]
    assert decision["live_metrics"][NDCG] == pytest.approx(decision["rows"][0]["new"])
    assert judge(operated, {"floor": 1})[0] == "hold"
    assert judge(operated, {"floor": 1}, promote="ask")[0] == "ask"


@pytest.mark.parametrize(
    ("rule", "policy", "idle"),
    [
        ({"tolerance": 0}, "gate", {"approve", "held"}),
        ({"floor": 1}, "gate", {"approve", "campaign"}),
        ({"floor": 1}, "ask", set()),
    ],
)
def test_followers_that_the_verdict_leaves_nothing_to_do_never_start(service, operated, rule, policy, idle):
    """The tasks of the shipped DAG: what is not skipped here starts a process to find out by itself."""
    operator = gate_of(operated, rule, policy)
    with DAG("retrain", schedule=None) as dag:
        dag.add_task(operator)
        decided = {"decision": operator.output["decision"]}
        PersonalizeApprovalOperator(
            task_id="approve", approval_hours=1, subject="s", body="b", defaults="Reject", **decided
        )
        PersonalizeHoldOperator(task_id="held", campaign_name="operated", **decided)
        PersonalizePromoteOperator(
            task_id="campaign",
            campaign_name="operated",
            solution_version_arn=operated.versions[1],
            min_provisioned_tps=1,
            **decided,
        )
        EmptyOperator(task_id="other") << operator
    task = Task("gate", map_index=2)
    try:
        skipped = task.run(operator) and []
    except DownstreamTasksSkipped as end:
        skipped = end.tasks
    assert set(skipped) == {(name, 2) for name in idle}
    assert task.xcoms.get("return_value", "ask") == task.xcoms["decision"]["verdict"]
