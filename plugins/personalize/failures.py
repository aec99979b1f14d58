"""What a failure of the service means, in a sentence a person can act on."""

from __future__ import annotations

import re

CURES = (
    (r"assume|trust", "Let the role trust personalize.amazonaws.com."),
    (r"bucket policy|not authorized|access denied|AccessDenied|can't read|cannot read|insufficient privileges",
     "Let the role, and the bucket's policy for personalize.amazonaws.com, do s3:GetObject and s3:ListBucket."),
    (r"at least 1,?000|1000 interactions|too few interactions|fewer than 1,?000",
     "Import at least 1,000 interactions of 25 users with two or more each; look at the solution's event type."),
    (r"legacy|no longer (?:be )?(?:created|supported)|deprecated recipe",
     "AWS no longer trains this recipe: use aws-user-personalization-v2 (HRNN family) or aws-personalized-ranking-v2."),
    (r"limit|quota|More than \d+ resources", "Wait until fewer are pending, or ask AWS to raise the quota."),
    (r"csv|column|header|null value|empty value", "Look at the named file and the dataset's schema; export it again."),
)  # fmt: skip


def cure(reason: str) -> str | None:
    """What to do about a reason, if it is a known one."""
    return next((advice for pattern, advice in CURES if re.search(pattern, reason, re.IGNORECASE)), None)


def explain(resource: str, status: str, reason: str = "") -> str:
    """A failure as the log shows it: the resource, its status, the service's reason, and the cure if it is known."""
    text = f"{resource} is {status}."
    if reason:
        text += f" {reason}"
    advice = cure(reason)
    return f"{text} -> {advice}" if advice else text
