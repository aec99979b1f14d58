"""`make check` reads the SQL of the pipeline file's own checks, and their limits."""

from __future__ import annotations

import pytest

from encore.config import PipelineError, load_pipeline
from encore.config.check_queries import check_problems
from tests.support.pipeline_files import MINIMAL

USERS = "      users: {schema: schemas/users.json, sql: sql/users.sql, table_checks: [%s]}\n    solutions:"
TABLE = {"name": "enough", "table": "events", "statement": "'COUNT(*) > 0'"}
COLUMN = {"name": "known", "table": "events", "column": "item", "test": "null_check", "equal_to": "0"}


@pytest.fixture
def problems_of(tmp_path):
    """What is said of a file with these checks: on loading, else by `make check`."""

    def problems(check, key="table_checks", environment=None, text=None):
        written = ", ".join(f"{name}: {value}" for name, value in check.items() if value is not None)
        file = tmp_path / "pipeline.yaml"
        old = "sql: sql/interactions.sql}"
        file.write_text(text or MINIMAL.replace(old, f"sql: sql/interactions.sql, {key}: [{{{written}}}]}}"))
        try:
            result, _ = check_problems(load_pipeline(file), environment or {})
        except PipelineError as error:
            return str(error).removeprefix(f"{file}:")
        return "; ".join(f"{'.'.join(map(str, entry.location))}: {entry.message}" for entry in result)

    return problems


def test_checks_in_order_have_no_problem(problems_of):
    assert problems_of({**TABLE, "where": "'at >= {{ start }} AND at < {{ end }}'", "severity": "warn"}) == ""
    assert problems_of({**COLUMN, "where": "price > 0", "tolerance": 0.1}, "column_checks") == ""
    assert problems_of({**TABLE, "table": "shop.events"}) == ""


@pytest.mark.parametrize(
    ("key", "changed", "problem"),
    [
        ("table_checks", {"statement": "'COUNT(* > 0'"}, ""),
        (
            "table_checks",
            {"statement": "'COUNT(*) > 0; DROP TABLE events'"},
            "statement: the query holds several",
        ),
        (
            "table_checks",
            {"where": "\"at >= '{{ start }}'\""},
            "0.where: the marker {{ start }} is in quotes",
        ),
        ("table_checks", {"where": "'at >= { start }'"}, "0.where: { start } has one brace too few"),
        ("table_checks", {"where": "'id < {{ high }}'"}, "0.where: {{ high }} has no value here"),
        ("table_checks", {"where": '"name = \'x"'}, "0.where: "),
        ("table_checks", {"statement": None}, "table_checks.0.statement: Field required"),
        ("table_checks", {"statement": "''"}, "table_checks.0.statement: String should have at least 1"),
        ("table_checks", {"name": "two words"}, "table_checks.0.name: String should match"),
        ("table_checks", {"table": "'events; DROP TABLE x'"}, "table_checks.0.table: String should match"),
        ("table_checks", {"severity": "ask"}, "table_checks.0.severity: Input should be 'stop' or 'warn'"),
        ("column_checks", {"test": "mean"}, "column_checks.0.test: Input should be"),
        ("column_checks", {"equal_to": None}, "column_checks.0: Value error, give at least one of equal_to"),
        ("column_checks", {"leq_to": 1}, "equal_to goes with no other limit"),
        (
            "column_checks",
            {"equal_to": None, "leq_to": 1, "less_than": 1},
            "give only one of less_than and leq_to",
        ),
        (
            "column_checks",
            {"equal_to": None, "leq_to": 1, "greater_than": 1},
            "no value is both above 1 and below 1",
        ),
        ("column_checks", {"column": "'a b'"}, "column_checks.0.column: String should match"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(problems_of, key, changed, problem):
    said = problems_of({**(TABLE if key == "table_checks" else COLUMN), **changed}, key)
    assert problem in said


def test_users_and_items_have_no_day(problems_of):
    check = "{name: a, table: t, statement: COUNT(*) > 0, where: 'at < {{ end }}'}"
    said = problems_of({}, text=MINIMAL.replace("    solutions:", USERS % check))
    assert (
        said
        == "dataset_groups.0.datasets.users.table_checks.0.where: {{ end }} has no value here: take it out"
    )


def test_two_checks_of_one_name_are_refused(problems_of):
    check = "{name: a, table: t, statement: COUNT(*) > 0}"
    said = problems_of({}, text=MINIMAL.replace("    solutions:", USERS % f"{check}, {check}"))
    assert said.startswith("7: dataset_groups.0.datasets.users: two checks have the name a")


def test_what_the_operator_takes_is_what_the_file_takes():
    """Limits that common-sql refuses are refused in the file, and those it takes are taken."""
    import itertools

    from airflow.exceptions import AirflowException
    from airflow.providers.common.sql.operators.sql import SQLColumnCheckOperator
    from pydantic import ValidationError

    from encore.config.sql_checks import LIMITS, ColumnCheck

    def parameters_of(make):
        try:
            make()
        except (ValidationError, ValueError, AirflowException):
            return False
        return True

    for names in itertools.chain.from_iterable(itertools.combinations(LIMITS, count) for count in range(4)):
        for values in itertools.product((1.0, 2.0), repeat=len(names)):
            limits = dict(zip(names, values, strict=True))
            check = {"name": "a", "table": "t", "column": "c", "test": "min", **limits}
            ours = parameters_of(lambda check=check: ColumnCheck.model_validate(check))
            theirs = parameters_of(
                lambda limits=limits: SQLColumnCheckOperator(
                    task_id="a", table="t", column_mapping={"c": {"min": dict(limits)}}
                )
            )
            assert ours == theirs, limits
