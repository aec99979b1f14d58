"""The profiles that a run's data is judged by: its own, those of the days before, and those of the runs before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_personalize.export import manifest as manifests
from airflow_personalize.export import profiles
from airflow_personalize.export.manifest import DatasetLocation, Manifest
from airflow_personalize.export.partitions import FULL, Partition
from airflow_personalize.export.statistics.profile import Profile
from encore import history
from encore.config.models import DatasetType
from encore.gates.drift import DAYS_COMPARED, Drift
from encore.gates.insights import changed_columns, insights


@dataclass(frozen=True)
class ProfiledData:
    """
    :param whole: the profile of all rows of each dataset
    :param drifts: what is compared: the newest day of interactions with the days before, users and items with the
        runs before
    """

    whole: Mapping[str, Profile]
    drifts: Sequence[Drift]

    @property
    def insights(self) -> list[str]:
        changes = (line for drift in self.drifts for line in changed_columns(drift.now, drift.accepted))
        return [*changes, *insights(self.whole)]

    def newest(self) -> dict[str, Any]:
        """What the history keeps of the run, by dataset."""
        return {drift.now.dataset: drift.now.to_dict(samples=False) for drift in self.drifts}


def of_snapshots(
    client: Any,
    bucket: str,
    prefix: str,
    snapshots: Mapping[str, Mapping[str, Any]],
    past: Sequence[Mapping[str, Any]],
    compare_runs: int,
) -> ProfiledData:
    """The profiles of what is about to be imported.

    :param snapshots: of each dataset, as `PersonalizeDatasetSnapshotOperator` returns them
    :param past: the history
    """
    keys = {dataset: snapshot.get("profile") for dataset, snapshot in snapshots.items()}
    whole = {
        dataset: profile
        for dataset, key in keys.items()
        if key and (profile := profiles.read(client, bucket, [key])) is not None
    }
    location = DatasetLocation(bucket, prefix, "interactions")
    days = _days_until(
        client, location, [partition["key"] for partition in snapshots["interactions"]["partitions"]]
    )
    return ProfiledData(whole, _drifts(client, bucket, whole, days, past, compare_runs))


def of_partitions(
    client: Any,
    bucket: str,
    partitions: Mapping[DatasetType, Sequence[Manifest]],
    past: Sequence[Mapping[str, Any]],
    compare_runs: int,
) -> ProfiledData:
    """The profiles of what an import would read now.

    :param partitions: the manifests of each dataset, of interactions in the order of days
    """
    whole: dict[str, Profile] = {
        dataset: profile
        for dataset, manifests_ in partitions.items()
        if (profile := profiles.read(client, bucket, [manifest.profile for manifest in manifests_]))
        is not None
    }
    return ProfiledData(whole, _drifts(client, bucket, whole, partitions["interactions"], past, compare_runs))


def _days_until(client: Any, location: DatasetLocation, keys: Sequence[str]) -> list[Manifest]:
    """The newest of these partitions, and the days before it, whether a run imports them or not."""
    newest = max((Partition(key).directory for key in keys if key != FULL), default=None)
    if newest is None:
        return []
    folders = [folder for folder in manifests.directories(client, location) if folder.startswith("dt=")]
    wanted = [folder for folder in folders if folder <= newest][-DAYS_COMPARED - 1 :]
    return [manifest for folder in wanted if (manifest := manifests.read(client, location, folder))]


def _drifts(
    client: Any,
    bucket: str,
    whole: Mapping[str, Profile],
    days: Sequence[Manifest],
    past: Sequence[Mapping[str, Any]],
    compare_runs: int,
) -> list[Drift]:
    drifts = []
    recorded = history.profiles(past)
    for dataset, profile in whole.items():
        runs = [Profile.from_dict(run[dataset]) for run in recorded if dataset in run]
        accepted = runs[-1] if runs else None
        known = (
            [day for day in days[-DAYS_COMPARED - 1 :] if day.profile] if dataset == "interactions" else []
        )
        if known and known[-1] is days[-1]:
            *earlier, newest = profiles.read_each(client, bucket, [str(day.profile) for day in known])
            drifts.append(Drift(f"{dataset} of {known[-1].key}", newest, earlier, accepted))
        else:
            drifts.append(Drift(dataset, profile, runs[-compare_runs:], accepted))
    return drifts
