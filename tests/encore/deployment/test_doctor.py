"""Broken set-ups, each named by the doctor with what to do about it."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from encore import pools
from encore.config.models import Pipeline
from encore.deployment import doctor
from encore.deployment.iam import permissions
from encore.deployment.simulation import refused_to
from encore.deployment.spending import Unused
from tests.support.enforced_policies import ACCOUNT, EnforcedPolicies
from tests.support.operator_runs import connection
from tests.support.permitted_account import BUCKET, ROLE, SCOPE, account, pipeline

__all__ = ["account"]

NAME = "doctored"


class Deployment:
    """A deployment that is in order, until a test breaks it."""

    def __init__(self, account, folder) -> None:
        self.account, self.folder = account, folder
        self.settings = pipeline(NAME).model_dump(by_alias=True)
        self.needed = permissions(pipeline(NAME), SCOPE)
        self.restore()

    @property
    def group(self):
        return self.settings["dataset_groups"][0]

    def restore(self) -> None:
        self.account.apply(permissions(pipeline(NAME), SCOPE))

    def lines(self) -> list[doctor.Line]:
        file = self.folder / "pipeline.yaml"
        file.write_text("dataset_groups: []")
        with EnforcedPolicies(self.needed.dags, self.needed.doctor):
            return list(doctor.examine(Pipeline.model_validate(self.settings), file, self.folder))

    def problems(self) -> str:
        return "\n".join(f"{line.what}: {line.problem}" for line in self.lines() if line.problem)


@pytest.fixture
def deployment(account, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "full_check", lambda *_: ([], []))
    monkeypatch.setattr(doctor, "existing_pools", lambda: set(json.loads(pools.FILE.read_text())))
    made = Deployment(account, tmp_path)
    yield made
    made.restore()


def test_a_deployment_in_order_is_green_in_every_line(deployment):
    lines = deployment.lines()
    assert [line for line in lines if not line.is_good] == []
    seen = "\n".join(line.what for line in lines)
    for part in ("versions", "pools", "clock", "database", "bucket", "role", "quotas", "policies of arn:"):
        assert part in seen


def _without_column(deployment, monkeypatch):
    with sqlite3.connect(deployment.folder / "shop.db") as database:
        database.execute("ALTER TABLE events RENAME COLUMN product TO article")


def _unknown_database(deployment, monkeypatch):
    deployment.group["product_db"] = "elsewhere"


def _wrong_address(deployment, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection("http://127.0.0.1:9"))


def _no_bucket(deployment, monkeypatch):
    deployment.group["bucket"] = "encore-nowhere"
    deployment.needed = permissions(Pipeline.model_validate(deployment.settings), SCOPE)


def _no_role(deployment, monkeypatch):
    deployment.account.iam.delete_role_policy(RoleName=ROLE, PolicyName="bucket")
    deployment.account.iam.delete_role(RoleName=ROLE)


def _no_trust(deployment, monkeypatch):
    trust = json.dumps(deployment.needed.roles[ROLE].trust).replace("personalize.amazonaws", "ec2.amazonaws")
    deployment.account.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust)


def _role_cannot_read(deployment, monkeypatch):
    narrow = {"Version": "2012-10-17", "Statement": deployment.needed.roles[ROLE].statements[:1]}
    deployment.account.iam.put_role_policy(
        RoleName=ROLE, PolicyName="bucket", PolicyDocument=json.dumps(narrow)
    )


def _no_bucket_policy(deployment, monkeypatch):
    deployment.account.s3.delete_bucket_policy(Bucket=BUCKET)


def _no_pools(deployment, monkeypatch):
    monkeypatch.setattr(doctor, "existing_pools", lambda: {"default_pool", pools.IMPORTS})


def _slow_clock(deployment, monkeypatch):
    monkeypatch.setattr(doctor, "_now", lambda: datetime.now(UTC) - timedelta(seconds=200))


def _full_quota(deployment, monkeypatch):
    deployment.settings["quotas"] = {"filters": 1}
    deployment.group["filters"] = [
        {"name": name, "expression": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")'}
        for name in "ab"
    ]
    deployment.needed = permissions(Pipeline.model_validate(deployment.settings), SCOPE)


def _old_provider(deployment, monkeypatch):
    monkeypatch.setattr(doctor, "_requirements", lambda: ["apache-airflow-providers-amazon>=900"])


def _no_channel(deployment, monkeypatch):
    deployment.group["notify"] = [{"type": "slack", "conn_id": "team_slack"}]


BROKEN = {
    _without_column: r"database product_db and its queries: sql/interactions\.sql: .*product",
    _unknown_database: r"database elsewhere .*AIRFLOW_CONN_ELSEWHERE",
    _wrong_address: r"connection aws_default: no answer from AWS: .*127\.0\.0\.1:9",
    _no_bucket: r"bucket: bucket 'encore-nowhere' of the pipeline file: .*create it, or correct its name",
    _no_role: rf"role: role '{ROLE}' of the pipeline file: there is none; create it",
    _no_trust: rf"role: role '{ROLE}': Personalize can't take it; let it trust personalize\.amazonaws\.com",
    _role_cannot_read: rf"policies of the role {ROLE}: not allowed: s3:GetObject on arn:.*`encore iam`",
    _no_bucket_policy: rf"policy of the bucket {BUCKET}: not allowed: s3:ListBucket on .*`encore iam`",
    _no_pools: r"pools: personalize_.*airflow pools import .*pools\.json",
    _slow_clock: r"clock: this machine is (19\d|20\d) s behind of AWS.*NTP",
    _full_quota: r"quotas: 2 filters with those of the file, and the quota is 1: .*`quotas\.filters`",
    _old_provider: r"versions: apache-airflow-providers-amazon is .*: pip install",
    _no_channel: r"connection team_slack: .*airflow connections add team_slack",
}


@pytest.mark.parametrize("break_", BROKEN, ids=lambda function: function.__name__.strip("_"))
def test_a_broken_set_up_is_named_with_what_to_do(deployment, monkeypatch, break_):
    break_(deployment, monkeypatch)
    problems = deployment.problems()
    assert re.search(BROKEN[break_], problems), problems


def test_any_statement_that_the_dags_lack_is_named(account):
    needed = permissions(pipeline(NAME), SCOPE).dags
    for missing in needed:
        left = [statement for statement in needed if statement is not missing]
        with EnforcedPolicies(left):
            refused = list(refused_to(account.iam, f"arn:aws:iam::{ACCOUNT}:user/airflow", needed))
        assert {text.split(" on ")[0] for text in refused} <= set(missing["Action"])
        assert refused, missing["Sid"]


def test_what_nobody_lets_us_look_at_is_said_and_is_no_fault(deployment, monkeypatch):
    def refused():
        raise OSError

    monkeypatch.setattr(doctor, "existing_pools", refused)
    unseen = [line.what for line in deployment.lines() if line.unseen]
    assert unseen == ["pools"]
    assert deployment.problems() == ""


def test_what_is_paid_for_and_not_used_is_advice_and_no_fault(deployment, monkeypatch):
    idle = Unused("campaign front", "nobody has asked it for 14 days", 144.0, "delete_campaign")
    monkeypatch.setattr(doctor, "read_inventory", lambda *_: object())
    monkeypatch.setattr(doctor, "unused_in_account", lambda *_: [idle])
    (line,) = [line for line in deployment.lines() if line.advice]
    assert line.advice == "campaign front: nobody has asked it for 14 days (about 144.00 USD a month)"
    assert deployment.problems() == ""
