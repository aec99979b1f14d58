"""Who may read and write S3 for Personalize: one true example and what breaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from localpersonalize.aws.role_access import PUT, READ, WRITE, AccessRefusedError, check, check_action

SERVICE = {"Service": "personalize.amazonaws.com"}
EVERYTHING = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
JOB = "arn:aws:personalize:us-east-1:123456789012:dataset-import-job/j"


class Account:
    """A bucket and a role that agree, until a test changes one of them."""

    def __init__(self) -> None:
        self.s3, self.iam = boto3.client("s3", "us-east-1"), boto3.client("iam", "us-east-1")
        self.s3.create_bucket(Bucket="shop")
        trust = {"Effect": "Allow", "Principal": SERVICE, "Action": "sts:AssumeRole"}
        made = self.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=_policy(trust))
        self.role = made["Role"]["Arn"]
        self.role_says(EVERYTHING)
        self.bucket_says({**EVERYTHING, "Principal": SERVICE})

    def role_says(self, *statements: dict[str, Any]) -> None:
        self.iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=_policy(*statements))

    def bucket_says(self, *statements: dict[str, Any]) -> None:
        self.s3.put_bucket_policy(Bucket="shop", Policy=_policy(*statements))

    def trusts(self, *statements: dict[str, Any]) -> None:
        self.iam.update_assume_role_policy(RoleName="reader", PolicyDocument=_policy(*statements))

    def check(self, role: str | None = None, at: str = "s3://shop/in/", actions: Any = READ) -> None:
        check(self.iam, self.s3, role or self.role, at, actions, JOB)


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with mock_aws():
        yield Account()


def test_policies_that_agree_let_personalize_read_and_write(account: Account) -> None:
    account.check()
    account.check(actions=WRITE)


def test_a_managed_policy_counts_like_an_inline_one(account: Account) -> None:
    account.iam.delete_role_policy(RoleName="reader", PolicyName="p")
    with pytest.raises(AccessRefusedError, match=r"role .*reader does not allow s3:ListBucket"):
        account.check()
    made = account.iam.create_policy(PolicyName="managed", PolicyDocument=_policy(EVERYTHING))
    account.iam.attach_role_policy(RoleName="reader", PolicyArn=made["Policy"]["Arn"])
    account.check()


def test_no_such_role(account: Account) -> None:
    with pytest.raises(AccessRefusedError, match="role/none does not exist"):
        account.check("arn:aws:iam::123456789012:role/none")
    with pytest.raises(AccessRefusedError, match="does not exist"):
        account.check("arn:aws:iam::123456789012:role/path/reader")


def test_a_role_that_trusts_somebody_else(account: Account) -> None:
    other = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    account.trusts(other)
    with pytest.raises(AccessRefusedError, match="trust policy must allow personalize"):
        account.check()
    account.trusts({**other, "Principal": {"Service": ["ec2.amazonaws.com", "personalize.amazonaws.com"]}})
    account.check()


def test_a_trust_policy_against_the_confused_deputy(account: Account) -> None:
    def only_for(number: str) -> dict[str, Any]:
        return {
            "Effect": "Allow",
            "Principal": SERVICE,
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": number},
                "StringLike": {"aws:SourceArn": f"arn:aws:personalize:*:{number}:*"},
            },
        }

    account.trusts(only_for("123456789012"))
    account.check()
    account.trusts(only_for("210987654321"))
    with pytest.raises(AccessRefusedError, match="can't assume"):
        account.check()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ({**EVERYTHING, "Action": "s3:ListBucket"}, "does not allow s3:GetObject on arn:aws:s3:::shop/in/"),
        ({**EVERYTHING, "Resource": "arn:aws:s3:::shop/*"}, "does not allow s3:ListBucket"),
        ({**EVERYTHING, "Resource": ["arn:aws:s3:::shop", "arn:aws:s3:::shop/out/*"]}, "s3:GetObject"),
        ({**EVERYTHING, "NotAction": "s3:GetObject", "Action": None}, "s3:GetObject"),
    ],
)
def test_a_role_with_too_little(account: Account, statement: dict[str, Any], says: str) -> None:
    account.role_says({name: value for name, value in statement.items() if value is not None})
    with pytest.raises(AccessRefusedError, match=says):
        account.check()


def test_the_bucket_has_its_say(account: Account) -> None:
    account.s3.delete_bucket_policy(Bucket="shop")
    with pytest.raises(AccessRefusedError, match="policy of the bucket shop does not allow s3:ListBucket"):
        account.check()
    account.bucket_says({**EVERYTHING, "Principal": {"AWS": account.role}})
    account.check()
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::shop/*"}
    account.bucket_says({**EVERYTHING, "Principal": SERVICE}, deny)
    account.check()
    with pytest.raises(AccessRefusedError, match="denies s3:PutObject"):
        account.check(actions=WRITE)


def test_a_bucket_that_is_not_there(account: Account) -> None:
    with pytest.raises(AccessRefusedError, match="NoSuchBucket"):
        account.check(at="s3://nowhere/in.csv")


def test_a_report_needs_to_put_objects_and_not_to_list_the_bucket(account: Account) -> None:
    put = {
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": ["arn:aws:s3:::shop", "arn:aws:s3:::shop/*"],
    }
    account.role_says(put)
    account.bucket_says({**put, "Principal": SERVICE})
    account.check(at="s3://shop/reports/a.csv", actions=PUT)
    with pytest.raises(AccessRefusedError, match="ListBucket"):
        account.check(at="s3://shop/reports/a.csv", actions=WRITE)


def test_values_in_cloudwatch_need_a_policy_of_the_role(account: Account) -> None:
    with pytest.raises(AccessRefusedError, match="does not allow cloudwatch:PutMetricData"):
        check_action(account.iam, account.role, "cloudwatch:PutMetricData", JOB)
    account.role_says({"Effect": "Allow", "Action": "cloudwatch:*", "Resource": "*"})
    check_action(account.iam, account.role, "cloudwatch:PutMetricData", JOB)
    account.trusts({"Effect": "Deny", "Principal": SERVICE, "Action": "sts:AssumeRole"})
    with pytest.raises(AccessRefusedError, match="can't assume"):
        check_action(account.iam, account.role, "cloudwatch:PutMetricData", JOB)
