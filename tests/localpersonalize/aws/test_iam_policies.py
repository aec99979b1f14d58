"""What statements of policies allow."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.aws.iam_policies import Question, verdict

EVERYTHING = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"Bool": {"aws:SecureTransport": True}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"StringNotEquals": {"aws:SourceAccount": "1"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/x": "y"}}, False),
        ({"StringEqualsIfExists": {"aws:PrincipalTag/x": "y"}}, True),
        ({"Null": {"aws:PrincipalTag/x": "true"}}, True),
        ({"NumericLessThan": {"aws:SourceAccount": "9"}}, False),
    ],
)
def test_conditions(condition: dict[str, Any], allowed: bool) -> None:
    policy = {"Statement": {**EVERYTHING, "Condition": condition}}
    context = {"aws:SecureTransport": "true", "aws:SourceAccount": "2"}
    assert (verdict([policy], Question("s3:GetObject", "r", context=context)) == "Allow") is allowed


def test_brackets_in_a_resource_are_themselves() -> None:
    policy = {"Statement": {**EVERYTHING, "Resource": "arn:aws:s3:::b/[a]*"}}
    assert verdict([policy], Question("s3:GetObject", "arn:aws:s3:::b/[a]x")) == "Allow"
    assert verdict([policy], Question("s3:GetObject", "arn:aws:s3:::b/ax")) == "None"
