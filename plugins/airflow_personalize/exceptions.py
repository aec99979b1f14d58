"""What a failure of the service means: whether trying again can help, and what a person can do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError

# The service has too much to do, or stumbled: the same request can succeed a little later.
_TRANSIENT_CODES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "RequestTimeout",
        "RequestTimeoutException",
    }
)
# Not now, but when something that runs has ended: a quota of pending jobs, or a resource that is changing.
_QUOTA_OR_IN_USE_CODES = frozenset({"LimitExceededException", "ResourceInUseException"})


@dataclass(frozen=True)
class Remedy:
    """A known cause: what the service says about it, what to do, and whether the same request may yet succeed."""

    pattern: str
    advice: str
    is_retryable: bool = True


REMEDIES = (
    Remedy(r"assume|trust", "Let the role trust personalize.amazonaws.com."),
    Remedy(
        r"bucket policy|not authori[sz]ed|access ?denied|can(?:'t|not) read|insufficient privileges|permission",
        "Let the role, and the bucket's policy for personalize.amazonaws.com, do s3:GetObject and s3:ListBucket"
        " (and s3:PutObject where a job writes).",
    ),
    Remedy(
        r"at least 1,?000|1,?000 interactions|too few|fewer than 1,?000|not enough|at least 25",
        "Import at least 1,000 interactions of 25 users with two or more each; look at the solution's event type.",
        is_retryable=False,
    ),
    Remedy(
        r"legacy|no longer (?:be )?(?:created|supported)|deprecated recipe",
        "AWS no longer trains this recipe: use aws-user-personalization-v2 (HRNN family) or"
        " aws-personalized-ranking-v2.",
        is_retryable=False,
    ),
    Remedy(
        r"\bdisk\b|no space left",
        "Make room on the disk of the service's data directory, then clear the task.",
    ),
    Remedy(
        r"limit|quota|More than \d+ resources",
        "Wait until fewer are pending, delete what is no longer needed, or ask AWS to raise the quota.",
    ),
    Remedy(
        r"\bcsv\b|\bheader\b|null value|empty value|missing (?:the )?(?:following )?columns?",
        "Look at the named file and the dataset's schema; export it again.",
        is_retryable=False,
    ),
    Remedy(
        r"no (?:data|objects?|files?)|NoSuchKey|NoSuchBucket|does not exist",
        "Look at the s3:// location that the task was given: there is nothing to read there.",
    ),
)


def find_remedy(reason: str) -> Remedy | None:
    """The known cause that a reason speaks of."""
    return next((remedy for remedy in REMEDIES if re.search(remedy.pattern, reason, re.IGNORECASE)), None)


def remedy(reason: str) -> str | None:
    """What to do about a reason, if it is a known one."""
    known = find_remedy(reason)
    return known.advice if known else None


def explain(resource: str, status: str, reason: str = "") -> str:
    """A failure as the log shows it: the resource, its status, the service's reason, and the remedy if it is known."""
    text = f"{resource} is {status}."
    if reason:
        text += f" {reason}"
    advice = remedy(reason)
    return f"{text} -> {advice}" if advice else text


def error_code(error: Exception) -> str:
    """The name of an error on the wire; of an exception that never came from there, its class."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


def is_transient(error: Exception) -> bool:
    """Whether an error says nothing about the request: throttling, 5xx, or a connection that broke."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        return error_code(error) in _TRANSIENT_CODES or status >= 500 or status == 429
    return isinstance(error, BotoCoreError) and isinstance(error, HTTPClientError | BotoConnectionError)


def is_quota_or_in_use(error: Exception) -> bool:
    """Whether the service refuses for now, until something else has ended."""
    return error_code(error) in _QUOTA_OR_IN_USE_CODES


def full_quota(error: ClientError) -> str | None:
    """What to say of a `Create...` that a full quota refuses, and what to do; None for other errors."""
    kind = error.operation_name.removeprefix("Create")
    if error_code(error) != "LimitExceededException" or kind == error.operation_name:
        return None
    kinds = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower() + "s"
    return (
        f"{error.operation_name} is refused: {error.response['Error']['Message']} -> Delete {kinds} that nothing uses"
        " any more, or have the quota raised (in AWS: Service Quotas, Amazon Personalize), then clear the task."
    )


class PersonalizeError(Exception):
    """The service says that what was waited for has failed. Carries `resource`, `status` and `reason`."""

    def __init__(self, resource: str, status: str, reason: str = "") -> None:
        self.resource, self.status, self.reason = resource, status, reason
        super().__init__(explain(resource, status, reason))

    @property
    def is_retryable(self) -> bool:
        """Whether the same work can succeed another time: false, if a person must change something first."""
        known = find_remedy(self.reason)
        return known is None or known.is_retryable


class UnknownStatusError(PersonalizeError):
    """The service answers with a state that nobody declared."""


class WaitTimeoutError(PersonalizeError):
    """Still not done after the last attempt."""
