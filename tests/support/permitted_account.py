"""The account as `encore iam` wants it: role, bucket and their policies, for a pipeline file of one group."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from encore.config.models import Pipeline
from encore.deployment.iam import Permissions, Scope, policy
from encore.retention import tags
from tests.support.enforced_policies import ACCOUNT
from tests.support.operator_runs import REGION
from tests.support.permitted_run import SQL, PermittedRun, make_database
from tests.support.resources import NOT_BOUGHT

SCOPE = Scope(REGION, ACCOUNT)
BUCKET, ROLE = "encore-least", "EncoreLeastRole"


def pipeline(name: str) -> Pipeline:
    group = {
        "name": name,
        "role": ROLE,
        "bucket": BUCKET,
        "prefix": name,
        "datasets": {"interactions": {"schema": "schemas/interactions.json", "sql": "sql/interactions.sql"}},
        "solutions": [{"name": f"{name}-popular", "recipe": "aws-popularity-count"}],
        "filters": [{"name": f"{name}-bought", "expression": NOT_BOUGHT}],
        "batch": {"jobs": [{"name": "all", "solution": f"{name}-popular", "num_results": 2}]},
        "retention": {"remove_unlisted": True, "partitions": 400},
    }
    return Pipeline.model_validate({"dataset_groups": [group]})


class PermittedAccount:
    """The account as `encore iam` wants it, with traces of earlier runs for the clean-up."""

    def __init__(self, service: Any) -> None:
        self.s3, self.iam = service.client("s3"), service.client("iam")
        self.personalize = service.client("personalize")

    def apply(self, needed: Permissions) -> None:
        """The role with its policies, and the bucket's, as `needed` has them."""
        role = needed.roles[ROLE]
        trust = json.dumps(role.trust)
        try:
            self.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)
        except self.iam.exceptions.EntityAlreadyExistsException:
            self.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust)
        document = json.dumps(policy(role.statements))
        self.iam.put_role_policy(RoleName=ROLE, PolicyName="bucket", PolicyDocument=document)
        if BUCKET not in {entry["Name"] for entry in self.s3.list_buckets()["Buckets"]}:
            self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy(needed.buckets[BUCKET])))

    def leave_traces(self, ran: PermittedRun) -> None:
        """What the clean-up removes: models that the file doesn't name, an old day, a schema without a dataset."""
        name, theirs = ran.group.name, tags(ran.group.name)
        self.personalize.create_solution(
            name=f"{name}-unlisted",
            datasetGroupArn=ran.arn,
            recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
            tags=theirs,
        )
        self.personalize.create_campaign(name=f"{name}-unlisted", solutionVersionArn=ran.version, tags=theirs)
        self.personalize.create_schema(name=f"{name}-interactions-0123456789ab", schema=json.dumps(UNUSED))
        old = datetime.now(UTC).date() - timedelta(days=500)
        self.s3.put_object(Bucket=BUCKET, Key=f"{name}/interactions/dt={old}/x/part-00000.csv", Body=b"x\n")


UNUSED = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": name, "type": "long" if name == "timestamp" else "string"}
        for name in ("user_id", "item_id", "timestamp", "unused")
    ],
    "version": "1.0",
}


@pytest.fixture
def account(service, tmp_path, monkeypatch) -> PermittedAccount:
    """A database, the schema and the query of its interactions, and the account."""
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", make_database(tmp_path / "shop.db"))
    monkeypatch.setenv("ENCORE_INCLUDE", str(tmp_path))
    (tmp_path / "schemas").mkdir()
    schema = {**UNUSED, "fields": UNUSED["fields"][:3]}
    (tmp_path / "schemas" / "interactions.json").write_text(json.dumps(schema))
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "interactions.sql").write_text(SQL)
    return PermittedAccount(service)
