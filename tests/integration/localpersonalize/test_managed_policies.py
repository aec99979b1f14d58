"""AWS's managed policies: roles attach them by their ARNs, as the service's own examples do, and they allow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.localpersonalize import shop as data
from tests.support.localpersonalize.live import PERSONALIZE, code, policy
from tests.support.localpersonalize.shop import Shop

AWS = "arn:aws:iam::aws:policy/"
ROLE_POLICY = AWS + "service-role/AmazonPersonalizeFullAccess"


def role_with(shop: Shop, name: str, *policies: str) -> str:
    iam = shop.live.client("iam")
    trust = policy({"Effect": "Allow", "Principal": PERSONALIZE, "Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    for attached in policies:
        iam.attach_role_policy(RoleName=name, PolicyArn=attached)
    return str(arn)


def job(shop: Shop, name: str, role: str, bucket: str) -> dict[str, Any]:
    """An import of users, as it ended."""
    shop.live.s3.put_object(Bucket=bucket, Key="users.csv", Body=data.users().encode())
    arn = shop.live.personalize.create_dataset_import_job(
        jobName=name,
        datasetArn=shop["dataset Users"],
        roleArn=role,
        dataSource={"dataLocation": f"s3://{bucket}/users.csv"},
    )["datasetImportJobArn"]
    return shop.live.wait("DatasetImportJob", arn)


def bucket_of(shop: Shop, name: str) -> str:
    shop.live.s3.create_bucket(Bucket=name)
    statement = {"Effect": "Allow", "Principal": PERSONALIZE, "Action": "s3:*", "Resource": "*"}
    shop.live.s3.put_bucket_policy(Bucket=name, Policy=policy(statement))
    return name


@pytest.mark.parametrize(
    ("name", "policies", "bucket"),
    [
        ("everything", (AWS + "AmazonS3FullAccess",), "anything-at-all"),
        ("reading", (AWS + "AmazonS3ReadOnlyAccess",), "only-to-read"),
        # It allows buckets that have the service's name in theirs.
        ("service", (ROLE_POLICY,), "personalize-examples"),
    ],
)
def test_an_import_with_a_role_of_managed_policies(
    shop: Shop, name: str, policies: tuple[str, ...], bucket: str
) -> None:
    role = role_with(shop, f"managed-{name}", *policies)
    assert job(shop, f"managed-{name}", role, bucket_of(shop, bucket))["status"] == "ACTIVE"
    attached = shop.live.client("iam").list_attached_role_policies(RoleName=f"managed-{name}")
    assert [entry["PolicyArn"] for entry in attached["AttachedPolicies"]] == list(policies)


def test_what_a_managed_policy_does_not_allow_fails(shop: Shop) -> None:
    role = role_with(shop, "managed-elsewhere", ROLE_POLICY)
    with pytest.raises(AssertionError, match=r"CREATE FAILED.*does not allow s3:ListBucket"):
        job(shop, "managed-elsewhere", role, bucket_of(shop, "of-another-name"))


def test_a_policy_that_is_none_of_them_is_not_there(shop: Shop) -> None:
    role_with(shop, "managed-none")
    attach = shop.live.client("iam").attach_role_policy
    assert code(lambda: attach(RoleName="managed-none", PolicyArn=AWS + "NoSuchAccess")) == "NoSuchEntity"
