"""Profiles as objects in S3, beside the rows that they are of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from airflow_personalize.export.statistics.profile import Profile, merged

_THREADS = 8


def put(client: Any, bucket: str, key: str, profile: Profile) -> str:
    """Write a profile; returns its key."""
    body = json.dumps(profile.to_dict()).encode()
    client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    return key


def read_each(client: Any, bucket: str, keys: Sequence[str]) -> list[Profile]:
    """The profiles of partitions, in the order of their keys."""

    def read_one(key: str) -> Profile:
        return Profile.from_dict(json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read()))

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(read_one, keys))


def read(client: Any, bucket: str, keys: Sequence[str | None]) -> Profile | None:
    """The profile of all these partitions; None where none of them has one.

    :param keys: of each partition; None for one that was exported before there were profiles
    """
    known = [key for key in keys if key]
    return merged(read_each(client, bucket, known), unknown=len(keys) - len(known))
