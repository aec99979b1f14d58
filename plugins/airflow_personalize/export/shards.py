"""A wide partition that several tasks export: cut into slices, written apart, made current as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from airflow_personalize.export import profiles
from airflow_personalize.export.exceptions import ExportError, TooManyRejectedError
from airflow_personalize.export.exporter import manifest_of
from airflow_personalize.export.manifest import DatasetLocation, commit, new_attempt
from airflow_personalize.export.partitions import Partition, cut_by_key, cut_in_time
from airflow_personalize.export.read.sources import Source
from airflow_personalize.export.statistics import summary as sums
from airflow_personalize.export.statistics.distinct import DistinctIds, ids_from
from airflow_personalize.export.statistics.summary import Summary
from airflow_personalize.export.statistics.training_minimum import merged
from airflow_personalize.export.validation import event_types


def plan(
    partition: Partition, shards: int, source: Source | None = None, bounds_sql: str | None = None
) -> list[Partition]:
    """Cut a partition into slices that share an attempt.

    :param bounds_sql: a query for the first and the last key (whole numbers, both included); without it the
        partition's interval is cut
    """
    if bounds_sql is None or source is None:
        slices = cut_in_time(partition, shards)
    else:
        first, last = key_range(source, bounds_sql, partition)
        slices = cut_by_key(partition, first, last, shards)
    attempt = new_attempt()
    return [replace(shard, attempt=attempt) for shard in slices]


def commit_all(
    client: Any,
    location: DatasetLocation,
    summaries: Sequence[Summary],
    rejected_limit: float,
    distinct: DistinctIds | None = None,
) -> list[Summary]:
    """Make each partition current whose slices are all there.

    :param distinct: takes in the ids of all partitions
    :raises ExportError: a slice is missing, doubled or of another plan, an id is in two slices, too many rows
        were rejected, or there are too many event types; no partition changes then
    """
    groups: dict[str, list[Summary]] = defaultdict(list)
    for shard in summaries:
        groups[shard.key].append(shard)
    merged_summaries = [
        _merged(client, location, key, group, distinct) for key, group in sorted(groups.items())
    ]
    for summary in merged_summaries:
        _check_share(location, summary, rejected_limit)
        event_types.check(
            location.dataset, f"partition {summary.key!r}", summary.event_types, summary.metadata_columns
        )
    done = []
    for summary in merged_summaries:
        partition = Partition.from_dict(summary.partition)
        current = commit(client, location, manifest_of(location, partition, summary), summary.replaces)
        uri = f"s3://{location.bucket}/{location.manifest(partition.directory)}"
        done.append(replace(summary, manifest=uri, superseded=not current, users={}))
    return done


def _merged(
    client: Any, location: DatasetLocation, key: str, group: Sequence[Summary], overall: DistinctIds | None
) -> Summary:
    group = sorted(group, key=lambda shard: int(shard.partition.get("shard", -1)))
    shards = int(group[0].partition.get("shards", 1))
    numbers = [shard.partition.get("shard") for shard in group]
    if numbers != list(range(shards)):
        raise ExportError(
            f"partition {key!r} has {shards} slices, but {numbers} came. Clear the mapped "
            "exports that are missing, and this task"
        )
    if len({(shard.attempt, shard.schema_hash) for shard in group}) > 1:
        raise ExportError(f"partition {key!r}: its slices are of different plans. Clear the plan task")
    distinct = _distinct(client, location, key, group, overall)
    first, last = (Partition.from_dict(shard.partition) for shard in (group[0], group[-1]))
    summary = Partition(key, first.start, last.end, attempt=group[0].attempt)
    return Summary(
        key=key,
        rows_read=sum(shard.rows_read for shard in group),
        rows_written=sum(shard.rows_written for shard in group),
        rejected=sums.added(shard.rejected for shard in group),
        dropped_values=sums.added(shard.dropped_values for shard in group),
        bytes=sum(shard.bytes for shard in group),
        parts=sum(shard.parts for shard in group),
        files=[file for shard in group for file in shard.files],
        min_timestamp=sums.least(shard.min_timestamp for shard in group),
        max_timestamp=sums.most(shard.max_timestamp for shard in group),
        distinct_users=distinct.get("USER_ID"),
        distinct_items=distinct.get("ITEM_ID"),
        content_hash=sums.combined_hash([shard.content_hash for shard in group]),
        schema_hash=group[0].schema_hash,
        seconds=max(shard.seconds for shard in group),
        attempt=group[0].attempt,
        read_at=min(shard.read_at for shard in group),
        replaces=group[0].replaces if len({shard.replaces for shard in group}) == 1 else None,
        rejected_location=next((shard.rejected_location for shard in group if shard.rejected_location), None),
        users=merged([shard.users for shard in group]) if location.dataset == "interactions" else {},
        event_types=sorted({kind for shard in group for kind in shard.event_types}),
        metadata_columns=group[0].metadata_columns,
        row_ids=[key for summary in group for key in summary.row_ids],
        profile=_profile(client, location, summary.directory, group),
        partition=summary.to_dict(),
        examples=[example for shard in group for example in shard.examples][:3],
    )


def _profile(client: Any, location: DatasetLocation, directory: str, group: Sequence[Summary]) -> str | None:
    """The profile of all slices, put beside them."""
    whole = profiles.read(client, location.bucket, [shard.profile for shard in group])
    if whole is None:
        return None
    key = f"{location.attempt(directory, group[0].attempt)}profile.json"
    return profiles.put(client, location.bucket, key, replace(whole, partitions=1))


def _distinct(
    client: Any, location: DatasetLocation, key: str, group: Sequence[Summary], overall: DistinctIds | None
) -> dict[str, int]:
    """Distinct ids over all slices; ids that must be unique may not be in two of them."""
    seen = DistinctIds()
    listed: dict[str, int] = defaultdict(int)
    for shard in group:
        ids = ids_from(client.get_object(Bucket=location.bucket, Key=shard.ids)["Body"].read())
        for taker in (seen, overall):
            if taker is not None:
                taker.add(ids)
        for name, values in ids.items():
            listed[name] += len(values)
    counts = seen.counts()
    unique = {"users": "USER_ID", "items": "ITEM_ID"}.get(location.dataset)
    if unique and counts.get(unique, 0) < listed[unique]:
        raise ExportError(
            f"dataset {location.dataset!r}, partition {key!r}: {listed[unique] - counts[unique]:,} ids are in "
            "more than one slice. Cut by the id itself (bounds_sql), so that a slice has all rows of an id"
        )
    return counts


def key_range(source: Source, bounds_sql: str, partition: Partition) -> tuple[int, int]:
    """The first and the last key (both included) of a partition's rows, as a query for them gives them."""
    with source.query(bounds_sql, partition.parameters) as rows:
        columns = [[column.to_pylist() for column in batch.columns] for batch in rows.batches]
    rows = [row for batch in columns for row in zip(*batch, strict=True)]
    if len(rows) != 1 or len(rows[0]) != 2:
        raise ExportError("bounds_sql must give one row of two columns: the first key and the last")
    low, high = rows[0]
    if low is None or high is None:
        return 0, 0  # an empty partition: one slice that finds nothing
    if not isinstance(low, int) or not isinstance(high, int):
        raise ExportError(f"bounds_sql gave {low!r} and {high!r}: keys to cut by must be whole numbers")
    return low, high


def _check_share(location: DatasetLocation, summary: Summary, limit: float) -> None:
    if summary.rows_rejected and summary.rows_rejected > limit * summary.rows_read:
        raise TooManyRejectedError(
            location.dataset,
            summary.key,
            read=summary.rows_read,
            rejected=summary.rejected,
            limit=limit,
            examples=summary.examples,
            location=str(summary.rejected_location),
        )
