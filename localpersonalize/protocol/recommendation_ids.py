"""Ids of recommendations: random, but for a part that tells which campaign or recommender made one.

So that an event which comes with one, weeks later or in a file, can be attributed without any memory of it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable

PREFIX = "RID-"
_MARK = 8  # hexadecimal digits, the first group of a UUID


def new_id(arn: str) -> str:
    """
    :param arn: of the campaign or recommender.
    """
    return f"{PREFIX}{_mark(arn)}{str(uuid.uuid4())[_MARK:]}"


def sources(arns: Iterable[str]) -> dict[str, str]:
    """ARNs by the mark that their recommendations have, see `mark_of`."""
    return {_mark(arn): arn for arn in arns}


def mark_of(recommendation_id: str) -> str:
    """The part of an id that says who made it."""
    return recommendation_id.removeprefix(PREFIX)[:_MARK]


def _mark(arn: str) -> str:
    return hashlib.sha256(arn.encode()).hexdigest()[:_MARK]
