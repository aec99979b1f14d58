"""What the clean-up may remove: what retention says, never what is live, never what someone else made.

Everything here is computed from lists; nothing is asked for and nothing is removed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from encore.config.models import DATASET_TYPES
from encore.config.policies import Retention

TAG = "encore:dataset-group"
NEW_SCHEMA = timedelta(days=1)
_DAY = re.compile(r"^dt=(\d{4}-\d{2}-\d{2})$")
_SCHEMA_HASH = re.compile(r"-[0-9a-f]{12}$")


def tags(group: str) -> list[dict[str, str]]:
    """The tag that says a resource is Encore's, for `Create*` requests."""
    return [{"tagKey": TAG, "tagValue": group}]


def is_ours(resource_tags: Iterable[Mapping[str, str]], group: str) -> bool:
    """Whether tags, as `ListTagsForResource` gives them, say that Encore made a resource of the group."""
    return any(tag.get("tagKey") == TAG and tag.get("tagValue") == group for tag in resource_tags)


@dataclass(frozen=True)
class Stored:
    """An object in S3: its key below the group's prefix, its size, and when it was written."""

    key: str
    bytes: int
    written: datetime


@dataclass(frozen=True)
class Removal:
    """Something to remove: an object's key or a resource's ARN, and why."""

    what: str
    why: str
    bytes: int = 0


@dataclass(frozen=True)
class Resource:
    """A solution or campaign of the dataset group.

    :param tags: what `ListTagsForResource` gives
    :param serves: for a campaign, the solution it serves; for a solution, nothing
    """

    arn: str
    name: str
    tags: Sequence[Mapping[str, str]]
    serves: str | None = None


@dataclass(frozen=True)
class Schema:
    """A schema of the account."""

    arn: str
    name: str
    created: datetime


@dataclass(frozen=True)
class Upload:
    """A multipart upload that was begun and not finished: its key below the group's prefix, its id, and since when."""

    key: str
    id: str
    started: datetime


def uploads_to_abort(retention: Retention, uploads: Sequence[Upload], now: datetime) -> list[Upload]:
    """What killed exports have left unfinished: it is paid for, and no listing of objects shows it."""
    days = retention.replaced
    return (
        [] if days is None else [upload for upload in uploads if now - upload.started > timedelta(days=days)]
    )


def objects_to_remove(
    retention: Retention,
    stored: Sequence[Stored],
    attempts: Mapping[str, str],
    now: datetime,
    being_read: Collection[str] = (),
) -> list[Removal]:
    """Old objects of a dataset group's prefix.

    :param attempts: by partition folder ("interactions/dt=2026-01-01"), the attempt that its manifest names
    :param being_read: prefixes that an import or batch job still reads or writes
    """
    removals = []
    for entry in stored:
        why = _why(retention, entry, attempts, now)
        if why and not any(entry.key.startswith(prefix) for prefix in being_read):
            removals.append(Removal(entry.key, why, entry.bytes))
    return removals


def _why(retention: Retention, entry: Stored, attempts: Mapping[str, str], now: datetime) -> str | None:
    first, *rest = entry.key.split("/")

    def older_than(days: int | None) -> bool:
        return days is not None and now - entry.written > timedelta(days=days)

    if first == "rejected":
        return (
            f"rejected rows older than {retention.rejected} days" if older_than(retention.rejected) else None
        )
    if first == "imports":
        return f"a snapshot older than {retention.imports} days" if older_than(retention.imports) else None
    if first == "batch":
        return f"batch output older than {retention.batch} days" if older_than(retention.batch) else None
    if first not in DATASET_TYPES or len(rest) < 2:
        return None
    day = _day(rest[0]) if first == "interactions" else None
    if day and retention.partitions and now.date() - day > timedelta(days=retention.partitions):
        return f"a day more than {retention.partitions} days ago"
    current = attempts.get(f"{first}/{rest[0]}")
    replaced = len(rest) > 2 and current is not None and rest[1] != current
    return "replaced by a later export" if replaced and older_than(retention.replaced) else None


def resources_to_remove(
    retention: Retention,
    group: str,
    solutions: Sequence[Resource],
    campaigns: Sequence[Resource],
    wanted_solutions: Collection[str],
    wanted_campaigns: Collection[str],
) -> list[Removal]:
    """Campaigns and solutions that Encore made and the pipeline file no longer names; campaigns come first.

    A solution stays while a campaign that stays serves one of its versions.
    """
    if not retention.remove_unlisted:
        return []
    leaving = [
        campaign
        for campaign in campaigns
        if campaign.name not in wanted_campaigns and is_ours(campaign.tags, group)
    ]
    gone = {campaign.arn for campaign in leaving}
    served = {campaign.serves for campaign in campaigns if campaign.arn not in gone}
    why = "made by Encore, and no longer in the pipeline file"
    return [
        *(Removal(campaign.arn, why) for campaign in leaving),
        *(
            Removal(solution.arn, why)
            for solution in solutions
            if solution.name not in wanted_solutions
            and is_ours(solution.tags, group)
            and solution.arn not in served
        ),
    ]


def schemas_to_remove(
    retention: Retention,
    schemas: Iterable[Schema],
    used: Collection[str],
    names: Collection[str],
    now: datetime,
) -> list[Removal]:
    """Schemas that no dataset uses, but for new ones: a retraining makes a schema first and then its dataset.

    Schemas can't have tags. Encore's are known by their names: one of `names`, a dash, and a hash of the content.

    :param used: ARNs of the schemas of all datasets in the account
    """
    if not retention.unused_schemas:
        return []
    return [
        Removal(schema.arn, "a schema that no dataset uses")
        for schema in schemas
        if schema.arn not in used
        and _SCHEMA_HASH.search(schema.name)
        and _SCHEMA_HASH.sub("", schema.name) in names
        and now - schema.created > NEW_SCHEMA
    ]


def summary(removals: Sequence[Removal]) -> dict[str, dict[str, int]]:
    """Counts and bytes by reason, as JSON."""
    reasons: dict[str, dict[str, int]] = {}
    for removal in removals:
        entry = reasons.setdefault(removal.why, {"count": 0, "bytes": 0})
        entry["count"] += 1
        entry["bytes"] += removal.bytes
    return reasons


def _day(folder: str) -> date | None:
    match = _DAY.match(folder)
    return date.fromisoformat(match[1]) if match else None
