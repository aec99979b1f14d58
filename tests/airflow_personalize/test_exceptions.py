"""A failure names the resource, the service's reason, and what to do where that is known."""

from __future__ import annotations

import pytest

from airflow_personalize.exceptions import explain, find_remedy

REASONS = {
    "Failed to assume role arn:aws:iam::1:role/r": "trust personalize.amazonaws.com",
    "Insufficient privileges for accessing data in S3.": "s3:GetObject and s3:ListBucket",
    "User is not authorized to perform: s3:GetObject": "s3:GetObject and s3:ListBucket",
    "Dataset has fewer than 1000 interactions": "at least 1,000 interactions of 25 users",
    "The recipe aws-hrnn is legacy": "aws-user-personalization-v2",
    "More than 5 resources with PENDING or IN_PROGRESS status": "raise the quota",
    "Free space on the disk of the data directory and try again.": "Make room on the disk",
    "[Errno 28] No space left on device": "Make room on the disk",
    "You have reached the quota of 10 solutions": "delete what is no longer needed",
    "Input csv is missing the following columns: [TIMESTAMP]": "export it again",
}


@pytest.mark.parametrize(("reason", "advice"), REASONS.items())
def test_a_known_cause_has_its_cure(reason, advice):
    assert advice in explain("arn:x", "CREATE FAILED", reason)


def test_a_failure_without_a_known_cause_still_says_all_it_knows():
    assert (
        explain("arn:x", "CREATE FAILED", "Mercury is retrograde.")
        == "arn:x is CREATE FAILED. Mercury is retrograde."
    )


@pytest.mark.parametrize(
    ("reason", "helps"),
    [
        ("fewer than 1000 interactions", False),
        ("csv", False),
        ("More than 5 resources", True),
        ("access denied", True),
    ],
)
def test_trying_again_is_left_where_a_person_must_act(reason, helps):
    assert find_remedy(reason).is_retryable is helps
