"""What the clean-up may remove, and what it must never touch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from encore.config.policies import Retention
from encore.retention import (
    Resource,
    Schema,
    Stored,
    Upload,
    is_ours,
    objects_to_remove,
    resources_to_remove,
    schemas_to_remove,
    tags,
    uploads_to_abort,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def removed(key: str, age: float, retention: dict | None = None, **arguments) -> bool:
    stored = [Stored(key, 10, NOW - timedelta(days=age))]
    return bool(
        objects_to_remove(Retention.model_validate(retention or {}), stored, ATTEMPTS, NOW, **arguments)
    )


ATTEMPTS = {"interactions/dt=2026-01-01": "now", "users/full": "now"}


@pytest.mark.parametrize(
    ("key", "age", "expected"),
    [
        ("rejected/interactions/dt=2026-01-01/x/rejected-00000.csv", 31, True),
        ("rejected/interactions/dt=2026-01-01/x/rejected-00000.csv", 29, False),
        ("imports/run/interactions/f/a.csv", 15, True),
        ("imports/run/interactions/f/a.csv", 13, False),
        ("batch/run/out.json", 31, True),
        ("interactions/dt=2026-01-01/before/part-00000.csv", 4, True),
        ("interactions/dt=2026-01-01/before/part-00000.csv", 2, False),
        ("interactions/dt=2026-01-01/now/part-00000.csv", 400, False),
        ("interactions/dt=2026-01-01/_manifest.json", 400, False),
        ("interactions/dt=2026-01-02/running/part-00000.csv", 400, False),
        ("users/full/before/part-00000.csv", 4, True),
        ("history/solution_versions/run.parquet", 4000, False),
        ("somebody/elses.csv", 4000, False),
    ],
)
def test_an_object_goes_when_retention_says_so(key, age, expected):
    assert removed(key, age) is expected


@pytest.mark.parametrize(("age", "replaced", "expected"), [(4, 3, 1), (2, 3, 0), (400, None, 0)])
def test_an_unfinished_upload_goes_as_soon_as_a_replaced_file_may(age, replaced, expected):
    uploads = [Upload("interactions/dt=2026-01-01/x/part-00000.csv", "id", NOW - timedelta(days=age))]
    assert len(uploads_to_abort(Retention(replaced=replaced), uploads, NOW)) == expected


def test_null_keeps_for_ever():
    assert not removed("rejected/items/full/x/r.csv", 4000, {"rejected": None})


def test_old_days_only_go_when_the_file_says_so():
    key = "interactions/dt=2026-01-01/now/part-00000.csv"
    assert removed(key, 1, {"partitions": 58})
    assert not removed(key, 1, {"partitions": 59})


def test_what_a_job_still_reads_stays():
    assert not removed("imports/run/interactions/f/a.csv", 99, being_read=["imports/run/interactions/f/"])


OURS, THEIRS = tags("shop"), [{"tagKey": "team", "tagValue": "search"}]
SOLUTIONS = [
    Resource("solution/new", "new", OURS),
    Resource("solution/old", "old", OURS),
    Resource("solution/theirs", "theirs", THEIRS),
    Resource("solution/served", "served", OURS),
]
CAMPAIGNS = [
    Resource("campaign/new", "new", OURS, "solution/new"),
    Resource("campaign/old", "old", OURS, "solution/old"),
    Resource("campaign/theirs", "theirs", THEIRS, "solution/served"),
]


def test_unlisted_resources_of_ours_go_campaigns_first_and_what_others_made_or_use_stays():
    retention = Retention(remove_unlisted=True)
    gone = [
        removal.what
        for removal in resources_to_remove(retention, "shop", SOLUTIONS, CAMPAIGNS, {"new"}, {"new"})
    ]
    assert gone == ["campaign/old", "solution/old"]


def test_nothing_goes_unless_told_or_under_another_group():
    assert not resources_to_remove(Retention(), "shop", SOLUTIONS, CAMPAIGNS, {"new"}, {"new"})
    assert not resources_to_remove(Retention(remove_unlisted=True), "b", SOLUTIONS, CAMPAIGNS, set(), set())


def test_a_listed_campaign_stays_with_its_solution_though_that_is_not_listed():
    gone = resources_to_remove(
        Retention(remove_unlisted=True), "shop", SOLUTIONS, CAMPAIGNS, set(), {"new", "old"}
    )
    assert gone == []


def test_only_unused_schemas_with_our_names_go_and_no_new_ones():
    old, new = NOW - timedelta(days=2), NOW - timedelta(seconds=2)
    schemas = [
        Schema("a", "shop-users-0123456789ab", old),
        Schema("b", "shop-users-aaaaaaaaaaaa", old),
        Schema("c", "shop-users", old),
        Schema("d", "x-0123456789ab", old),
        Schema("e", "shop-users-bbbbbbbbbbbb", new),
    ]
    gone = schemas_to_remove(Retention(), schemas, {"a"}, {"shop-users", "shop-items"}, NOW)
    assert [removal.what for removal in gone] == ["b"]


def test_tags_tell_whose_a_resource_is():
    assert is_ours(OURS, "shop")
    assert not is_ours(OURS, "books")
    assert not is_ours(THEIRS, "shop")
