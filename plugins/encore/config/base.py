"""What all sections of the pipeline file share: their base, and names as Airflow and AWS take them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$", max_length=63)]
#: As Airflow takes it (`sanitize_conn_id`).
ConnectionId = Annotated[str, StringConstraints(pattern=r"^[\w#!()\-.:/\\]+$", max_length=200)]

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"(\d+\.){3}\d+")
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
#: As the service's model has it.
_ROLE_ARN = re.compile(r"arn:[a-z\d-]+:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
_TO_AVOID = re.compile(r"[\s\\{}^%`\[\]\"'<>~#|]")


class Settings(BaseModel):
    """Base of every section: unknown keys are mistakes, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _bucket(name: str) -> str:
    """S3's rules for names of general purpose buckets."""
    if "/" in name or ":" in name:
        raise ValueError(
            f"{name!r} is no name of a bucket: give the name alone, without s3:// and without a path"
        )
    if not _BUCKET.fullmatch(name) or ".." in name or _IP_ADDRESS.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name of a bucket: it has 3 to 63 lower-case letters, digits, hyphens and single dots, "
            "begins and ends with a letter or a digit, and is no IP address"
        )
    return name


def _prefix(prefix: str) -> str:
    """A key prefix that makes no empty folder and needs no escaping."""
    if prefix.startswith("s3:"):
        raise ValueError(f"{prefix!r} is no key prefix: give it without s3:// and without the bucket")
    if prefix.startswith("/") or prefix.endswith("/") or "//" in prefix:
        raise ValueError(
            f"{prefix!r} makes a folder without a name: no slash at the ends, and no two together"
        )
    if match := _TO_AVOID.search(prefix):
        raise ValueError(f"{prefix!r} holds {match[0]!r}, which S3 says to avoid in keys")
    return prefix


def _role(role: str) -> str:
    if role.startswith("arn:") and not _ROLE_ARN.fullmatch(role):
        raise ValueError(f"{role!r} is no ARN of a role: it looks like arn:aws:iam::123456789012:role/Name")
    if not role.startswith("arn:") and not _ROLE_NAME.fullmatch(role):
        raise ValueError(
            f"{role!r} is no name of a role: it has at most 64 letters, digits and any of _+=,.@-"
        )
    return role


BucketName = Annotated[str, AfterValidator(_bucket)]
# The location of an import, which a prefix begins, may have 256 characters.
KeyPrefix = Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(_prefix)]
Role = Annotated[str, StringConstraints(max_length=256), AfterValidator(_role)]
