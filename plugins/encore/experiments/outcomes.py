"""What each user did on the days of an experiment, out of the exported interactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.export.partitions import Partition
from encore.config.experiment import Experiment
from encore.csv_rows import batches


def finished_days(client: Any, location: DatasetLocation) -> list[str]:
    """The exported days, YYYY-MM-DD."""
    return manifests.days(manifests.finished(client, location))


def outcomes(
    client: Any,
    interactions: DatasetLocation,
    users: DatasetLocation | None,
    days: Sequence[str],
    experiment: Experiment,
) -> dict[str, float]:
    """By user: everybody in Users and everybody who did anything on these days, 0 where it was not what counts.

    :param users: where Users is exported to, if the group has it
    """
    totals = dict.fromkeys(_users(client, users), 0.0) if users else {}
    for day in days:
        manifest = manifests.read(client, interactions, Partition(day).directory)
        keys = [str(file["key"]) for file in manifest.files] if manifest else []
        columns = ["user_id", "event_type", *(["event_value"] if experiment.measure == "value" else [])]
        for batch in batches(client, interactions.bucket, keys, columns):
            _add(totals, batch, experiment)
    if experiment.measure == "users":
        return {user: float(total > 0) for user, total in totals.items()}
    return totals


def _add(totals: dict[str, float], batch: Any, experiment: Experiment) -> None:
    wanted = experiment.event_type.lower()
    users, kinds = batch["user_id"].to_pylist(), batch["event_type"].to_pylist()
    values = batch["event_value"].to_pylist() if experiment.measure == "value" else [1] * len(users)
    for user, kind, value in zip(users, kinds, values, strict=True):
        counts = kind.lower() == wanted
        totals[user] = totals.get(user, 0.0) + (float(value or 0) if counts else 0.0)


def _users(client: Any, location: DatasetLocation) -> list[str]:
    """Everybody in the newest export of Users."""
    for directory in reversed(manifests.directories(client, location)):
        manifest = manifests.read(client, location, directory)
        if manifest and manifest.rows:
            keys = [str(file["key"]) for file in manifest.files]
            return [
                user
                for batch in batches(client, location.bucket, keys, ["user_id"])
                for user in batch["user_id"].to_pylist()
            ]
    return []
