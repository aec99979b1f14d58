"""A first retraining: the days that no export has written are exported by the run itself, as its DAG wires them."""

# ruff: noqa: F811 - fixtures are imported
from __future__ import annotations

import json

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.dags.conftest import ROOT
from tests.dags.shop_exports import executed, postgres, run_sql, shop  # noqa: F401

AS_OF = "2026-01-03"  # so that the test's history ends


@pytest.fixture
def retraining(dags_of):
    """The retraining's DAG of a pipeline file whose interactions have these settings, with the form filled in."""

    def built(history="first_interaction", as_of=AS_OF, group=None, **settings):
        def change(groups):
            groups[0].update(group or {})
            groups[0]["datasets"]["interactions"].update(settings)

        dag = dags_of(change, ROOT / "dags" / "retrain_recommenders.py")["retrain_recommenders"]
        select = dag.get_task("select_history")
        select.history, select.as_of = history, as_of
        return dag

    return built


def first_run(dag):
    """The history as the run selects and exports it, and what the snapshot then holds."""
    selected, _ = executed(dag, dag.get_task("select_history"))
    exports = [
        executed(dag, dag.get_task("export_history").unmap({"partitions": partitions}))
        for partitions in selected
    ]
    snapshot = dag.get_task("snapshot_interactions")
    snapshot.partitions, snapshot.run_id = None, "first"
    return selected, exports, executed(dag, snapshot)[0]


def days(selected):
    return [partition["key"] for partitions in selected for partition in partitions]


def test_on_an_empty_bucket_everything_is_exported_in_one_task_and_each_row_once(retraining, shop, capsys):
    selected, exports, snapshot = first_run(retraining())

    assert days(selected) == ["2026-01-01", "2026-01-02", AS_OF]
    assert len(selected) == 1
    assert snapshot["rows"] == 3000
    ((_, events),) = exports
    assert [event.extra["partitions"] for event in events.values()] == [days(selected)]
    assert "Exporting 3 days first, from 2026-01-01 to 2026-01-03" in capsys.readouterr().out


def test_a_run_that_misses_nothing_exports_nothing(retraining, shop, capsys):
    first_run(retraining())
    selected, _, snapshot = first_run(retraining())

    assert selected == []
    assert snapshot["rows"] == 3000
    assert "All days from the first interaction on are exported" in capsys.readouterr().out


def test_only_what_is_missing_is_exported(retraining, shop):
    dag = retraining()
    export = dag.get_task("export_history")
    bounds = {"start": "2026-01-02T00:00:00Z", "end": "2026-01-03T00:00:00Z"}
    executed(dag, export.unmap({"partitions": [{"key": "2026-01-02", **bounds}]}))
    # An export that has not finished leaves files and no manifest.
    shop.put_object(Bucket="encore-shop", Key="shop/interactions/dt=2026-01-01/try/part-0.csv", Body=b"x")

    selected, _, snapshot = first_run(retraining())

    assert days(selected) == ["2026-01-01", AS_OF]
    assert snapshot["rows"] == 3000


def test_keys_of_split_days_are_asked_for_once_and_each_row_is_there_once(retraining, shop):
    dag = retraining(splits=4, bounds_sql="sql/interactions.sql")
    select, export = dag.get_task("select_history"), dag.get_task("export_history")
    select.sql = export.partial_kwargs["sql"] = (
        "SELECT customer_id AS user_id, product_id AS item_id, kind AS event_type, stars::real AS event_value, "
        'happened_at AS "TIMESTAMP" FROM events WHERE happened_at >= {{ start }} AND happened_at < {{ end }} '
        "AND product_id >= {{ low }} AND product_id < {{ high }}; -- the end"
    )
    select.bounds_sql = "SELECT min(product_id), max(product_id) FROM events"
    selected, _, snapshot = first_run(dag)

    assert {(partition["low"], partition["high"]) for task in selected for partition in task} == {(0, 3000)}
    assert snapshot["rows"] == 6000  # this query takes each event as often as it is there


def test_the_file_says_where_history_begins_and_what_is_not_exported_again(retraining, shop):
    selected, _ = executed(
        dag := retraining(group={"history_start": "2026-01-02"}), dag.get_task("select_history")
    )
    assert days(selected) == ["2026-01-02", AS_OF]

    dag = retraining(as_of=None, group={"retention": {"partitions": 3}})
    lists, _ = executed(dag, dag.get_task("select_history"))
    assert len(days(lists)) == 3  # the clean-up would remove the others


def test_as_exported_exports_nothing_and_says_what_to_do_where_nothing_is(retraining, shop):
    dag = retraining(history="exported")
    with pytest.raises(AirflowFailException, match="trigger this run again with the first choice of History"):
        executed(dag, dag.get_task("select_history"))
    first_run(retraining())
    shop.delete_object(Bucket="encore-shop", Key="shop/interactions/dt=2026-01-01/_manifest.json")
    selected, _, snapshot = first_run(retraining(history="exported"))
    assert selected == []
    assert [partition["key"] for partition in snapshot["partitions"]] == ["2026-01-02", AS_OF]


def test_an_empty_table_is_named_with_its_connection(retraining, shop, run_sql):
    run_sql("DELETE FROM events")
    dag = retraining()
    with pytest.raises(
        AirflowFailException, match=r"gives no row before 2026-01-04.*connection 'product_db'"
    ):
        executed(dag, dag.get_task("select_history"))


def test_a_row_with_a_wrong_timestamp_is_named_instead_of_ten_thousand_empty_days(retraining, shop, run_sql):
    run_sql("INSERT INTO events VALUES (1, 1, 'view', NULL, timestamptz '1995-01-01Z')")
    dag = retraining()
    with pytest.raises(AirflowFailException, match=r"first interaction is of 1995-01-01.*`history_start`"):
        executed(dag, dag.get_task("select_history"))


def test_a_shop_of_thirty_years_is_exported_from_the_day_that_its_file_says(retraining, shop, run_sql):
    run_sql("INSERT INTO events VALUES (1, 1, 'view', NULL, timestamptz '1996-02-28 12:00Z')")
    dag = retraining(group={"history_start": "1996-02-28"})
    selected, _ = executed(dag, dag.get_task("select_history"))
    assert len(days(selected)) == 10_903
    assert days(selected)[:3] == ["1996-02-28", "1996-02-29", "1996-03-01"]


def test_nothing_is_asked_of_the_table_but_rows_before_the_oldest_day(retraining, shop, monkeypatch):
    from encore.operators import select_history

    first_run(retraining())
    requests = []
    monkeypatch.setattr(
        select_history, "first_instant", lambda source, sql, parameters: requests.append(parameters)
    )
    dag = retraining()
    executed(dag, dag.get_task("select_history"))
    assert [parameters["end"].date().isoformat() for parameters in requests] == ["2026-01-01"]


def test_the_import_waits_for_the_history_and_does_without_where_there_is_none(dags):
    dag = dags["retrain_recommenders"]
    select = dag.get_task("select_partitions")
    assert "export_history" in select.upstream_task_ids
    assert select.trigger_rule == "none_failed_min_one_success"
    assert dag.get_task("select_history").upstream_task_ids == {"validate_parameters", "wait_for_turn"}
    references = dict(dag.get_task("record").history.iter_references())
    assert [task.task_id for task in references] == ["select_history"]
    assert json.dumps(dag.params.get_param("history").schema["enum"]) == '["first_interaction", "exported"]'
