"""The pipeline file's own checks, made in a PostgreSQL and in an SQLite."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from encore.config.sql_checks import ColumnCheck, TableCheck
from encore.operators.sql_checks import PersonalizeSqlChecksOperator
from tests.support.postgres import postgres, run_sql

__all__ = ["postgres", "run_sql"]

DAY = {"key": "2026-03-08", "start": "2026-03-08T00:00:00+00:00", "end": "2026-03-09T00:00:00+00:00"}
NEXT = {"key": "2026-03-09", "start": "2026-03-09T00:00:00+00:00", "end": "2026-03-10T00:00:00+00:00"}
OF_THE_DAY = "at >= {{ start }} AND at < {{ end }}"
ROWS = [  # user, item, at; the first and the last second of a day whose hours differ in New York
    ("u1", 1, "2026-03-08 00:00:00"),
    ("u2", 2, "2026-03-08 23:59:59"),
    ("u2", None, "2026-03-09 00:00:00"),
]


@pytest.fixture(params=["postgres", "postgres without time zones", "sqlite"])
def database(request, tmp_path, monkeypatch):
    """A table `events` in each database; the server's sessions are in New York unless they are told otherwise."""
    values = ", ".join(f"('{user}', {item or 'NULL'}, '{at}')" for user, item, at in ROWS)
    if request.param == "sqlite":
        path = tmp_path / "shop.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE events (user_id text, item integer, at text)")
            connection.execute(f"INSERT INTO events VALUES {values}")  # noqa: S608
            connection.commit()
        description = {"conn_type": "sqlite", "host": str(path)}
    else:
        kind = "timestamp" if "without" in request.param else "timestamptz"
        zoned = values if "without" in request.param else values.replace("')", "+00')")
        run = request.getfixturevalue("run_sql")
        run("DROP TABLE IF EXISTS events")
        run(f"CREATE TABLE events (user_id text, item integer, at {kind})")
        run(f"INSERT INTO events VALUES {zoned}")  # noqa: S608
        socket = dict(part.split("=") for part in request.getfixturevalue("postgres").split())["host"]
        extra = {"options": "-c timezone=America/New_York"}
        description = {
            "conn_type": "postgres",
            "login": "postgres",
            "schema": "postgres",
            "host": socket,
            "extra": extra,
        }
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", json.dumps(description))


def table(statement, **more):
    return TableCheck.model_validate(
        {"name": "rows_of_the_day", "table": "events", "statement": statement, **more}
    )


def column(test, name="item", **more):
    return ColumnCheck.model_validate(
        {"name": "items", "table": "events", "column": name, "test": test, **more}
    )


def run(*checks, partitions=None):
    """Make checks as the task does, templates included."""
    checks = [
        {**check.model_dump(), **({"limits": check.limits} if isinstance(check, ColumnCheck) else {})}
        for check in checks
    ]
    operator = PersonalizeSqlChecksOperator(task_id="check_tables", checks=checks, partitions=partitions)
    operator.render_template_fields({})
    return operator.execute({})


def test_each_day_is_checked_within_its_own_bounds(database):
    results = run(table("COUNT(*) = 2", where=OF_THE_DAY), partitions=[DAY])
    assert [result["passed"] for result in results] == [True]
    with pytest.raises(AirflowFailException) as failed:
        run(table("COUNT(*) = 2", where=OF_THE_DAY), partitions=[[DAY], [NEXT]])
    assert "check 'rows_of_the_day' of table events, partition 2026-03-09 failed: COUNT(*) = 2" in str(
        failed.value
    )
    assert "2026-03-08" not in str(failed.value)
    assert "set the check's severity to warn" in str(failed.value)


def test_a_marker_can_be_in_the_statement_too(database):
    counted = "SUM(CASE WHEN at < {{ end }} THEN 1 ELSE 0 END) = 2"
    assert run(table(counted), partitions=[DAY])[0]["passed"]


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (column("null_check", equal_to=0), 1),
        (column("distinct_check", "user_id", greater_than=2), 2),
        (column("unique_check", "user_id", leq_to=0), 1),
        (column("min", geq_to=2), 1),
        (column("max", less_than=2), 2),
    ],
)
def test_each_test_of_a_column_stops_with_its_name_table_column_and_value(database, check, value):
    with pytest.raises(AirflowFailException) as failed:
        run(check)
    (limit,) = check.limits
    text = f"check 'items' of table events failed: {check.test} of column {check.column} must be {limit}"
    assert text in str(failed.value)
    assert f"and it is {value}" in str(failed.value)


def test_all_that_fail_are_named_at_once_and_warnings_stop_nothing(database, capsys):
    harmless = table("COUNT(*) > 100", severity="warn")
    (result,) = run(harmless)
    assert (result["passed"], result["check"], result["table"]) == (False, "rows_of_the_day", "events")
    assert "check 'rows_of_the_day' of table events failed: COUNT(*) > 100" in capsys.readouterr().out
    with pytest.raises(AirflowFailException) as failed:
        run(harmless, column("null_check", equal_to=0), column("min", geq_to=2, name="item"))
    assert str(failed.value).count("check 'items'") == 2
    assert "rows_of_the_day" not in str(failed.value)


def test_a_table_without_rows_fails_what_needs_one(database):
    nothing = {"where": "user_id = 'nobody'"}
    with pytest.raises(AirflowFailException, match="the table has no row"):
        run(table("user_id <> ''", **nothing))
    with pytest.raises(AirflowFailException, match="the table has no row"):
        run(column("min", geq_to=0, **nothing))
    assert run(column("null_check", equal_to=0, **nothing))[0]["passed"]


def test_percent_signs_and_quotes_reach_the_database(database):
    assert run(table("COUNT(*) = 3", where="user_id LIKE 'u%' AND user_id <> '%s'"))[0]["passed"]


def test_a_check_that_the_database_refuses_is_named_and_tried_again(database):
    with pytest.raises(AirflowException) as failed:
        run(table("COUNT(*) > 0", table="orders"))
    assert not isinstance(failed.value, AirflowFailException)
    assert (
        "check 'rows_of_the_day' of table orders could not be made in the database of connection 'product_db'"
        in str(failed.value)
    )
