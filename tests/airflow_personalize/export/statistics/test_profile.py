"""Profiles that are written, read and merged."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from airflow_personalize.export.statistics.profile import Profile, merged
from tests.airflow_personalize.export.statistics.test_profiler import interactions, profile_of


@pytest.fixture(scope="module")
def days() -> list[pa.Table]:
    return [interactions(rows, seed) for seed, rows in enumerate((2_000, 500, 1_200))]


def as_json(profile: Profile) -> str:
    return json.dumps(profile.to_dict(), sort_keys=True)


def test_a_profile_is_what_was_written_of_it(days, interactions_schema):
    profile = profile_of(interactions_schema, days[0])
    assert as_json(Profile.from_dict(json.loads(as_json(profile)))) == as_json(profile)
    assert len(json.dumps(profile.to_dict(samples=False))) < 8_000


def test_merged_profiles_are_that_of_all_rows(days, interactions_schema):
    whole = profile_of(interactions_schema, pa.concat_tables(days))
    result = merged([profile_of(interactions_schema, day) for day in days])
    assert (result.rows, result.partitions) == (whole.rows, 3)
    assert result.users_with_two == whole.users_with_two
    for name in ("user_id", "item_id", "event_type", "event_value", "device", "timestamp"):
        one, other = result.column(name), whole.column(name)
        for fact in ("rows", "nulls", "distinct", "minimum", "maximum", "complete"):
            expected = getattr(other, fact)
            near = expected if expected is None else pytest.approx(expected, rel=0.15)
            assert getattr(one, fact) == near, (name, fact)
    assert result.column("event_type").top == whole.column("event_type").top
    pooled, exact = result.column("event_value").quantiles, whole.column("event_value").quantiles
    assert pooled[2:-2] == pytest.approx(exact[2:-2], abs=0.4)
    assert (pooled[0], pooled[-1]) == (exact[0], exact[-1])


def test_columns_of_some_partitions_only_and_partitions_without_a_profile_are_told(days, interactions_schema):
    profile = profile_of(interactions_schema, days[0])
    fewer = Profile("interactions", 10, [column for column in profile.columns if column.name != "device"])
    result = merged([profile, fewer], unknown=4)
    assert result.column("device").rows == 2_000
    assert result.rows == 2_010
    assert result.unknown == 4
    assert merged([]) is None


def test_an_empty_partition_changes_nothing(days, interactions_schema):
    profile, empty = (profile_of(interactions_schema, day) for day in (days[0], interactions(0)))
    one, other = merged([profile, empty]), profile
    assert [column.to_dict() for column in one.columns] == [column.to_dict() for column in other.columns]
