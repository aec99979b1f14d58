"""The clean-up takes what no import can need any more, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_personalize.export.exporter import Export
from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.read.sources import PostgresSource
from airflow_personalize.export.snapshot import create_snapshot
from encore.config.models import DatasetGroup
from encore.operators import cleanup
from encore.operators.cleanup import PersonalizeCleanUpOperator
from tests.airflow_personalize.export.conftest import interactions_schema, keys, location, s3
from tests.support.operator_runs import Task
from tests.support.postgres import postgres

__all__ = ["interactions_schema", "keys", "location", "postgres", "s3"]

QUERY = (
    "SELECT nullif(n, 3) AS user_id, n AS item_id, 'view' AS event_type, NULL::real AS event_value, "
    "NULL::text AS device, 1767225600 + n AS timestamp FROM generate_series(1, 10) AS n"
)
GROUP = DatasetGroup.model_validate(
    {
        "name": "shop",
        "role": "R",
        "bucket": "lake",
        "prefix": "encore",
        "datasets": {"interactions": {"schema": "x", "sql": "x"}},
        "solutions": [{"name": "for-you", "recipe": "aws-sims"}],
        "retention": {"replaced": 1, "rejected": 1, "imports": 1},
    }
)


@pytest.fixture
def export(s3, location, postgres, interactions_schema):
    built = Export(PostgresSource(postgres), s3, location, interactions_schema, rejected_limit=1)
    return lambda: built.run(QUERY, Partition("2026-01-01"))


@pytest.fixture
def clean(s3, monkeypatch):
    """Find, and remove, what is of no use at a time; returns the keys below the group's prefix."""
    operator = PersonalizeCleanUpOperator(task_id="clean_up", group=GROUP.model_dump())
    monkeypatch.setitem(vars(operator), "s3", s3)

    def run(now: datetime) -> list[str]:
        class Clock(datetime):
            @classmethod
            def now(cls, tz=None):
                return now

        monkeypatch.setattr(cleanup, "datetime", Clock)
        objects = operator._objects(GROUP, GROUP.retention, None)
        uploads = operator._uploads(GROUP, GROUP.retention)
        cleanup._delete_objects(s3, GROUP, objects)
        cleanup._abort_uploads(s3, GROUP, uploads)
        return [removal.what for removal in objects]

    return run


@pytest.fixture
def later():
    return datetime.now(UTC) + timedelta(days=2)


def test_replaced_files_old_snapshots_rejects_and_broken_uploads_are_removed(
    s3, location, export, keys, clean, later
):
    old = export()
    create_snapshot(s3, location, "yesterday")
    current = export()
    s3.create_multipart_upload(Bucket="lake", Key=f"{location.root}dt=2026-01-01/killed/part-00000.csv")

    removed = clean(later)

    assert old.files[0]["key"].removeprefix("encore/") in removed
    part = current.files[0]["key"]
    profile = f"{part.rpartition('/')[0]}/part-profile.json"
    assert keys() == sorted([part, profile, location.manifest("dt=2026-01-01")])
    assert s3.list_multipart_uploads(Bucket="lake").get("Uploads", []) == []
    assert sum(entry["rows"] for entry in current.files) == 9


def test_nothing_young_is_removed(s3, location, export, clean):
    export()
    export()

    assert clean(datetime.now(UTC) - timedelta(hours=1)) == []


def test_other_groups_are_left_alone(s3, export, keys, clean, later):
    export()
    others = ["other/imports/run/users/f/a.csv", "other/rejected/users/a.csv", "other/users/full/x/a.csv"]
    for key in others:
        s3.put_object(Bucket="lake", Key=key, Body=b"x")

    assert all("/users/" not in key for key in clean(later))
    assert keys("other/") == others


@pytest.mark.parametrize("deferrable", [True, False])
def test_it_waits_while_a_retraining_runs(monkeypatch, deferrable):
    """What a run has made and not used yet looks unused."""
    running = {"retrain": [1, 1, 1, 0], "batch": [1, 1, 1, 1, 0]}
    removed_beside: list[int] = []
    operator = PersonalizeCleanUpOperator(
        task_id="clean_up",
        group=GROUP.model_dump(),
        not_beside=["retrain", "batch"],
        deferrable=deferrable,
        waiter_delay=0.01,
    )
    monkeypatch.setattr(
        PersonalizeCleanUpOperator,
        "_group_arn",
        lambda self, name: removed_beside.append(sum(left[0] for left in running.values())),
    )
    for name in ("_objects", "_uploads", "_schemas"):
        monkeypatch.setattr(PersonalizeCleanUpOperator, name, lambda *arguments: [])
    task = Task("clean_up")

    def count(dag_id: str, states: list[str]) -> int:
        assert states == ["running"]
        return running[dag_id].pop(0) if len(running[dag_id]) > 1 else running[dag_id][0]

    task.ti.get_dr_count = count
    assert task.run(operator) == {}
    assert removed_beside == [0]
    preview = PersonalizeCleanUpOperator(
        task_id="clean_up", group=GROUP.model_dump(), not_beside=["retrain"], preview=True
    )
    assert Task("clean_up").run(preview) == {}  # asks for no run and waits for none
