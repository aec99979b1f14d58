"""What the next import reads, whatever exports did before, after and meanwhile."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.manifest import Manifest, commit, new_attempt
from airflow_personalize.export.snapshot import SnapshotError, create_snapshot

BUCKET = "lake"


@pytest.fixture
def exported(s3, location):
    """Write a partition's file and its manifest, as an export does."""

    def write(day: int, rows: list[str], *, read_at="2026-02-01T00:00:00", schema_hash="s", **changes):
        start = datetime(2026, 1, day, tzinfo=UTC)
        key = start.date().isoformat()
        attempt = new_attempt()
        file = f"{location.attempt(f'dt={key}', attempt)}part-00000.csv"
        body = "\n".join(["user_id", *rows, ""])
        s3.put_object(Bucket=BUCKET, Key=file, Body=body.encode())
        manifest = Manifest(
            dataset="interactions",
            key=key,
            directory=f"dt={key}",
            attempt=attempt,
            read_at=read_at,
            schema_hash=schema_hash,
            rows=len(rows),
            bytes=len(body),
            content_hash=str(hash(tuple(rows))),
            files=[{"key": file, "rows": len(rows), "bytes": len(body)}],
            start=start.isoformat(),
            end=(start + timedelta(days=1)).isoformat(),
            users={"with_two": 25},
        )
        manifest = replace(manifest, **changes)
        return manifest, commit(s3, location, manifest)

    return write


@pytest.fixture
def imported(s3, location):
    """The rows that an import would read now."""

    def read(run="run", **options):
        prefix = create_snapshot(s3, location, run, **options).location.removeprefix(f"s3://{BUCKET}/")
        result = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        bodies = [s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read().decode() for entry in result]
        return sorted(line for body in bodies for line in body.splitlines()[1:])

    return read


def test_a_partition_exported_again_replaces_its_rows(exported, imported):
    exported(1, ["a", "b"])
    exported(2, ["c"])
    exported(1, ["a2"])

    assert imported() == ["a2", "c"]


def test_files_that_no_manifest_names_are_never_imported(s3, location, exported, imported):
    exported(1, ["a"])
    orphan = location.attempt("dt=2026-01-01", new_attempt())
    s3.put_object(Bucket=BUCKET, Key=f"{orphan}part-00000.csv", Body=b"user_id\nhalf\n")
    s3.put_object(
        Bucket=BUCKET, Key=f"{location.root}dt=2026-01-09/{new_attempt()}/part-00000.csv", Body=b"x\ny\n"
    )

    assert imported() == ["a"]
    assert create_snapshot(s3, location, "run").unfinished == ["dt=2026-01-09"]


def test_of_two_exports_the_later_reading_holds_whichever_ends_last(exported, imported):
    _, late = exported(1, ["new"], read_at="2026-02-01T00:00:05")
    _, early = exported(1, ["old"], read_at="2026-02-01T00:00:01")

    assert (late, early) == (True, False)
    assert imported() == ["new"]


def test_parallel_exports_of_one_partition_leave_exactly_one_of_them(s3, location, exported, imported):
    order = list(range(12))
    random.Random(5).shuffle(order)

    def export(number):
        exported(1, [f"row{number}-{n}" for n in range(3)], read_at=f"2026-02-01T00:00:{number:02d}")

    threads = [threading.Thread(target=export, args=(number,)) for number in order]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert imported() == ["row11-0", "row11-1", "row11-2"]


def test_a_manifest_that_changes_between_reading_and_writing_is_read_again(
    s3, location, exported, monkeypatch
):
    exported(1, ["a"], read_at="2026-02-01T00:00:01")
    read = manifests._read
    intruders = iter(["2026-02-01T00:00:09"])

    def read_and_be_overtaken(*args):
        result = read(*args)
        for read_at in intruders:
            exported(1, ["intruder"], read_at=read_at)
        return result

    monkeypatch.setattr(manifests, "_read", read_and_be_overtaken)

    assert exported(1, ["b"], read_at="2026-02-01T00:00:05")[1] is False


def test_an_export_during_a_snapshot_does_not_reach_into_it(s3, location, exported, imported, monkeypatch):
    for day in (1, 2, 3):
        exported(day, [f"old{day}"])
    copy, replaced = s3.copy_object, iter([None])

    def copy_while_a_day_is_replaced(**request):
        for _ in replaced:
            exported(2, ["new2"], read_at="2026-02-01T00:00:09")
        return copy(**request)

    monkeypatch.setattr(s3, "copy_object", copy_while_a_day_is_replaced)

    assert imported() == ["old1", "old2", "old3"]
    assert imported() == ["new2", "old1", "old3"]


def test_a_snapshot_whose_files_were_cleaned_up_meanwhile_starts_over(
    s3, location, exported, imported, monkeypatch
):
    old, _ = exported(1, ["old"])
    copy, cleaned = s3.copy_object, iter([None])

    def copy_after_a_clean_up(**request):
        for _ in cleaned:
            exported(1, ["new"], read_at="2026-02-01T00:00:09")
            s3.delete_object(Bucket=BUCKET, Key=old.files[0]["key"])
        return copy(**request)

    monkeypatch.setattr(s3, "copy_object", copy_after_a_clean_up)

    assert imported() == ["new"]


def test_the_same_content_is_the_same_place_and_other_content_another(s3, location, exported):
    exported(1, ["a"])
    first, repeated = create_snapshot(s3, location, "run"), create_snapshot(s3, location, "run")
    exported(1, ["b"])
    other = create_snapshot(s3, location, "run")

    assert first.location == repeated.location
    assert first.fingerprint == repeated.fingerprint != other.fingerprint


def test_gaps_are_told(s3, location, exported):
    for day in (1, 2, 5):
        exported(day, ["a"])

    assert create_snapshot(s3, location, "run").gaps == [
        "2026-01-03T00:00:00+00:00 to 2026-01-05T00:00:00+00:00"
    ]


def test_overlapping_partitions_are_refused(s3, location, exported):
    exported(1, ["a"])
    exported(2, ["b"], start="2026-01-01T12:00:00+00:00")

    with pytest.raises(SnapshotError, match="partitions 2026-01-01 and 2026-01-02 overlap"):
        create_snapshot(s3, location, "run")


def test_partitions_of_an_older_schema_are_refused_and_named(s3, location, exported):
    exported(1, ["a"], schema_hash="old")
    exported(2, ["b"], schema_hash="new", read_at="2026-03-01T00:00:00")

    with pytest.raises(SnapshotError, match=r"partitions 2026-01-01 were exported under another schema"):
        create_snapshot(s3, location, "run")


def test_a_wanted_partition_that_was_never_exported_is_named(s3, location, exported):
    exported(1, ["a"])

    with pytest.raises(SnapshotError, match="no export finished of dt=2026-01-02"):
        create_snapshot(s3, location, "run", keys=["2026-01-01", "2026-01-02"])


def test_a_dataset_without_rows_is_refused(s3, location):
    with pytest.raises(SnapshotError, match="Run the export"):
        create_snapshot(s3, location, "run")


def test_too_few_users_with_two_interactions_are_told_over_all_partitions(s3, location, exported):
    counts = {f"{number:016x}": 1 for number in range(24)}
    for day in (1, 2):
        exported(day, ["r"] * 600, users={"with_two": 0, "counts": counts, "complete": True})

    assert (
        create_snapshot(s3, location, "run").shortfall
        == "24 users with two interactions, the service needs 25"
    )

    exported(3, ["r"], users={"with_two": 1, "counts": {"ff": 2}, "complete": True})

    assert create_snapshot(s3, location, "run").shortfall is None
