"""`splits` of the pipeline file: one day shared by mapped tasks, as the export's DAG wires them."""

# ruff: noqa: F811 - fixtures are imported
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import psycopg2
import pytest
from airflow.sdk.api.datamodels._generated import DagRunType
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from encore.operators import select_days
from tests.dags.conftest import ROOT
from tests.dags.shop_exports import executed, items_of, postgres, run_sql, shop  # noqa: F401

DAY = "2026-01-01"


@pytest.fixture
def split_dag(dags_of):
    """The export's DAG of a pipeline file with further settings for the interactions."""

    def built(**settings):
        result = dags_of(
            lambda groups: groups[0]["datasets"]["interactions"].update(settings),
            ROOT / "dags" / "export_interactions.py",
        )
        return result["export_interactions"]

    return built


def run_of(day, run_type="scheduled"):
    """The context of the run for a day of January 2026."""
    start = datetime(2026, 1, day, tzinfo=UTC)
    return {
        "params": {"from_date": None, "to_date": None},
        "data_interval_start": start,
        "data_interval_end": start + timedelta(days=1),
        "dag_run": SimpleNamespace(run_type=DagRunType(run_type)),
    }


def exported(dag, days, shop):
    """Export days, as mapped tasks do; each day's items as its manifest names them."""
    export = dag.get_task("export")
    for partitions in days:
        executed(dag, export.unmap({"partitions": partitions}))
    return {
        partition["key"]: items_of(shop, partition["key"]) for partitions in days for partition in partitions
    }


@pytest.fixture
def late_row(postgres):
    """A row of the first day's last seconds; it is there when the function is called, and not before."""
    connection = psycopg2.connect(postgres)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events VALUES (1, 99999, 'view', NULL, timestamptz '2026-01-01 23:59:58Z')"
        )
        yield connection.commit
    connection.close()


def test_a_row_that_is_committed_after_midnight_is_exported_with_its_day(
    split_dag, shop, late_row, monkeypatch
):
    dag = split_dag()
    select = dag.get_task("select_days")
    clock_shows(monkeypatch, datetime(2026, 1, 2, 0, 0, 1, tzinfo=UTC))

    with pytest.raises(TaskDeferred) as waits:
        select.execute(run_of(1))
    late_row()  # five seconds after midnight, say
    clock_shows(monkeypatch, waits.value.trigger.moment)
    days = getattr(select, waits.value.method_name)(run_of(1), event=None)

    assert waits.value.trigger.moment == datetime(2026, 1, 2, 0, 15, tzinfo=UTC)
    result = exported(dag, days, shop)
    assert list(result) == ["2025-12-31", DAY]
    assert result[DAY].count(99999) == 1
    assert len(result[DAY]) == 1501


def test_a_row_that_is_committed_later_still_comes_with_the_next_days_run(split_dag, shop, late_row):
    dag = split_dag()
    select = dag.get_task("select_days")
    before = exported(dag, select.execute(run_of(1)), shop)
    late_row()
    after = exported(dag, select.execute(run_of(2)), shop)

    assert 99999 not in before[DAY]
    assert sorted(after[DAY]) == sorted([*before[DAY], 99999])  # every row once: the partition was replaced
    assert list(after) == [DAY, "2026-01-02"]


@pytest.mark.parametrize(("minutes", "waits"), [(0, False), (30, True)])
def test_a_day_is_given_as_long_as_the_file_says(split_dag, monkeypatch, minutes, waits):
    select = split_dag(settle_minutes=minutes).get_task("select_days")
    clock_shows(monkeypatch, datetime(2026, 1, 2, 0, 20, tzinfo=UTC))
    try:
        select.execute(run_of(1))
        deferred = None
    except TaskDeferred as wait:
        deferred = wait.trigger.moment
    assert deferred == (datetime(2026, 1, 2, 0, 30, tzinfo=UTC) if waits else None)


def test_a_wait_is_never_so_short_that_airflow_takes_the_task_for_dead(split_dag, monkeypatch):
    now = datetime(2026, 1, 2, 0, 14, 59, tzinfo=UTC)
    clock_shows(monkeypatch, now)
    with pytest.raises(TaskDeferred) as waits:
        split_dag().get_task("select_days").execute(run_of(1))
    assert waits.value.trigger.moment >= now + timedelta(seconds=5)


def test_days_that_a_person_names_are_exported_at_once_and_alone(split_dag, monkeypatch):
    clock_shows(monkeypatch, datetime(2026, 1, 2, 0, 0, 1, tzinfo=UTC))
    params = {**run_of(1, "manual"), "params": {"from_date": DAY, "to_date": DAY}}
    assert keys(split_dag().get_task("select_days").execute(params)) == [DAY]


def test_days_are_exported_again_as_often_as_the_file_says_and_once_in_a_backfill(split_dag):
    select = split_dag(reexport_days=2).get_task("select_days")
    assert keys(select.execute(run_of(3))) == [DAY, "2026-01-02", "2026-01-03"]
    assert keys(select.execute(run_of(3, "manual"))) == [DAY, "2026-01-02", "2026-01-03"]
    assert keys(select.execute(run_of(3, "backfill"))) == ["2026-01-03"]
    with pytest.raises(AirflowFailException, match="leave First day and Last day empty"):
        select.execute({**run_of(3, "backfill"), "params": {"from_date": DAY, "to_date": DAY}})
    assert keys(split_dag(reexport_days=0).get_task("select_days").execute(run_of(3))) == ["2026-01-03"]


def keys(days):
    return [partition["key"] for partitions in days for partition in partitions]


def clock_shows(monkeypatch, now):
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return now

    monkeypatch.setattr(select_days, "datetime", Clock)


def test_without_splits_one_task_writes_a_day(split_dag):
    assert set(split_dag().task_ids) == {"select_days", "export"}


def test_splits_plan_export_and_commit(split_dag):
    dag = split_dag(splits=3, bounds_sql="sql/interactions.sql")

    assert set(dag.task_ids) == {"select_days", "plan", "export", "commit"}
    plan, export, commit = (dag.get_task(name) for name in ("plan", "export", "commit"))
    assert (plan.upstream_task_ids, export.upstream_task_ids) == ({"select_days"}, {"plan"})
    assert commit.upstream_task_ids == {"export"}
    assert plan.shards == 3
    assert plan.bounds_sql == (ROOT / "include" / "sql" / "interactions.sql").read_text()
    assert [outlet.name for outlet in commit.outlets] == ["shop_interactions"]
    assert not export.partial_kwargs.get("outlets")  # a slice is no new state of the asset


def test_the_slices_of_a_day_are_the_day(split_dag, shop, run_sql):
    dag = split_dag(splits=3)
    plan, export, commit = (dag.get_task(name) for name in ("plan", "export", "commit"))
    plan.partitions = dag.get_task("select_days").execute(run_of(1, run_type="backfill"))
    slices, _ = executed(dag, plan)
    commit.shards = [executed(dag, export.unmap({"partitions": slice_}))[0] for slice_ in slices]
    assert "Contents" not in shop.list_objects_v2(
        Bucket="encore-shop", Prefix=f"shop/interactions/dt={DAY}/_"
    )
    summary, events = executed(dag, commit)

    assert len(slices) == 3
    assert [event.extra["partitions"] for event in events.values()] == [[DAY]]
    [partition] = summary["partitions"]
    bodies = [
        shop.get_object(Bucket="encore-shop", Key=file["key"])["Body"].read().decode()
        for file in partition["files"]
    ]
    items = [int(line.split(",")[1]) for body in bodies for line in body.splitlines()[1:]]
    in_database = run_sql(
        "SELECT DISTINCT product_id FROM events WHERE happened_at < '2026-01-02Z' ORDER BY 1"
    )
    assert sorted(items) == [product for (product,) in in_database]
    assert (summary["rows_written"], summary["distinct_users"]) == (1500, 40)


CHECK = {
    "name": "enough",
    "table": "events",
    "where": "happened_at >= {{ start }} AND happened_at < {{ end }}",
}


@pytest.mark.parametrize("splits", [1, 3])
def test_a_check_that_fails_stops_the_run_before_anything_is_exported(split_dag, shop, splits):
    checks = [{**CHECK, "statement": "COUNT(*) > 2999"}]  # the first day has 3,000 rows, the day before none
    dag = split_dag(splits=splits, table_checks=checks, reexport_days=1)
    check = dag.get_task("check_tables")

    assert check.downstream_task_ids == {"export" if splits == 1 else "plan"}
    check.partitions = dag.get_task("select_days").execute(run_of(1))
    with pytest.raises(AirflowFailException, match="'enough' of table events, partition 2025-12-31 failed"):
        executed(dag, check)

    check.partitions = dag.get_task("select_days").execute(run_of(1, "backfill"))
    assert [result["passed"] for result in executed(dag, check)[0]] == [True]


def test_each_dataset_is_checked_before_its_own_export(dags_of):
    checks = [{"name": "some", "table": "events", "statement": "COUNT(*) > 0"}]

    def change(groups):
        for dataset in groups[0]["datasets"].values():
            dataset["table_checks"] = checks

    dag = dags_of(change, ROOT / "dags" / "retrain_recommenders.py")["retrain_recommenders"]
    after = {
        name: dag.get_task(f"check_{name}").downstream_task_ids for name in ("users", "items", "interactions")
    }
    assert after == {"users": {"export_users"}, "items": {"export_items"}, "interactions": {"export_history"}}
    before = {name: dag.get_task(f"check_{name}").upstream_task_ids for name in after}
    assert before["interactions"] == {"select_history"}
    assert before["users"] == before["items"] == {"wait_for_turn"}
