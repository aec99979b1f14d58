"""Which versions the form of `rollback_campaign` proposes: those that were live, the newest first.

The history is in S3, and a DAG file that asks S3 is slow to parse and fails with it. So whatever records a run leaves
the newest versions in an Airflow variable, which the DAG processor reads with a single query.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import Variable

from encore import history
from encore.config.models import DatasetGroup

log = logging.getLogger(__name__)

PROPOSED = 10  # of each solution


def remember(s3: Any, group: DatasetGroup) -> None:
    """Leave the versions of the history for the form; a run is not spoiled where that is refused."""
    try:
        past = history.read(s3, group.bucket, group.prefix)
        Variable.set(_key(group), versions(past), serialize_json=True)
    except Exception:
        log.warning("The form of rollback_campaign does not propose the newest versions", exc_info=True)


def proposals(group: DatasetGroup) -> list[str]:
    """What the form proposes; nothing where no run is recorded, or Airflow can't be asked just now."""
    try:
        known = Variable.get(_key(group), default=None, deserialize_json=True)
    except Exception:
        log.debug("No versions for the form of rollback_campaign", exc_info=True)
        return []
    return [entry for entry in known if isinstance(entry, str)] if isinstance(known, list) else []


def versions(past: Sequence[Mapping[str, Any]]) -> list[str]:
    """The versions that were live as people choose them: the last part of the ARN first, then what it is.

    :param past: rows of the history, oldest first
    """
    proposed: dict[str, str] = {}
    counts: dict[str, int] = {}
    for row in reversed(past):
        arn = row["solution_version_arn"]
        if row["outcome"] != "promoted" or not arn or arn in proposed:
            continue
        counts[row["solution"]] = counts.get(row["solution"], 0) + 1
        if counts[row["solution"]] <= PROPOSED:
            proposed[arn] = (
                f"{arn.split('/')[-1]} ({row['solution']}, live from {row['recorded_at']:%Y-%m-%d %H:%M})"
            )
    return list(proposed.values())


def _key(group: DatasetGroup) -> str:
    return f"encore_rollback_versions_{group.name}"
