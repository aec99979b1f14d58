"""The column types that people have, one by one, for each database: written right, or rejected by name.

A case is a column of the query for one row (and a good row after it), the field that it goes to, and what becomes of
it: the text in the CSV, the rule that rejects the row, or words of the refusal.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import pytest

from airflow_personalize.export.exporter import Export
from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.schema.avro import parse_schema
from tests.airflow_personalize.export.databases.conftest import DATABASES

SCHEMA = parse_schema(
    {
        "type": "record",
        "name": "Items",
        "namespace": "com.amazonaws.personalize.schema",
        "version": "1.0",
        "fields": [
            {"name": "ITEM_ID", "type": "string"},
            {"name": "WORDS", "type": ["null", "string"], "categorical": True},
            {"name": "WHOLE", "type": ["null", "int"]},
            {"name": "LARGE", "type": ["null", "long"]},
            {"name": "SINGLE", "type": ["null", "float"]},
            {"name": "PRECISE", "type": ["null", "double"]},
            {"name": "FLAG", "type": ["null", "boolean"]},
            {"name": "CREATION_TIMESTAMP", "type": ["null", "long"]},
        ],
    }
)


@dataclass(frozen=True)
class Rejects:
    rule: str


@dataclass(frozen=True)
class Refuses:
    words: str


DAY_1 = "1767225600"  # 2026-01-01 in UTC
#: name: (kinds, field, expression of the column, what becomes of it); kinds: p(ostgres), m(ysql), s(qlite)
CASES = {
    # numbers
    "numeric":               ("pm", "PRECISE", "CAST(12345678.25 AS decimal(12, 2))", "12345678.25"),
    "numeric of 25 digits":  ("pm", "WORDS", "CAST(123456789012345612345 AS decimal(25, 0))", "123456789012345612345"),
    "numeric into long":     ("pm", "LARGE", "CAST(42 AS decimal(12, 2))", "42"),
    "numeric with a fraction into long": ("pm", "LARGE", "CAST(42.5 AS decimal(12, 2))", Rejects("wrong_type")),
    "numeric NaN":           ("p", "PRECISE", "'NaN'::numeric", Rejects("not_finite")),
    "numeric infinity":      ("p", "PRECISE", "'Infinity'::numeric", Rejects("not_finite")),
    "float NaN":             ("p", "SINGLE", "'NaN'::real", Rejects("not_finite")),
    "double infinity":       ("p", "PRECISE", "'-Infinity'::float8", Rejects("not_finite")),
    "float infinity, SQLite": ("s", "PRECISE", "9e999", Rejects("not_finite")),
    "unsigned":              ("m", "LARGE", "CAST(4294967295 AS unsigned)", "4294967295"),
    "unsigned beyond long":  ("m", "LARGE", "CAST(18446744073709551615 AS unsigned)", Rejects("wrong_type")),
    "unsigned as an id":     ("m", "WORDS", "CAST(18446744073709551615 AS unsigned)", "18446744073709551615"),
    "bigint into int":       ("pms", "WHOLE", "2147483648", Rejects("wrong_type")),
    "bigint into long":      ("ps", "LARGE", "CAST(9223372036854775807 AS bigint)", "9223372036854775807"),
    "20,000,000 into float": ("pms", "SINGLE", "20000000", "20000000"),
    "2^53 into float":       ("pms", "SINGLE", "9007199254740992", "9007199254740992"),
    "beyond 2^53 into float": ("pms", "SINGLE", "9007199254740993", Rejects("wrong_type")),
    "beyond 2^53 into double": ("pms", "PRECISE", "9007199254740993", Rejects("wrong_type")),
    "1e300 into float":      ("pms", "SINGLE", "1e300", Rejects("wrong_type")),
    "bit":                   ("p", "FLAG", "B'1'::bit(1)", Refuses("cast it")),
    "boolean":               ("pms", "FLAG", "true", "true"),
    "tinyint(1)":            ("m", "FLAG", "CAST(1 AS signed)", "true"),
    "t and f":               ("pms", "FLAG", "'t'", Rejects("not_boolean")),
    "money":                 ("p", "PRECISE", "'12.50'::money", Refuses("cast it to numeric")),
    "money through psycopg2": ("q", "PRECISE", "'12.50'::money", Rejects("wrong_type")),
    # text
    "uuid": ("p", "WORDS", "'00000000-0000-4000-8000-0123456789AB'::uuid", "00000000-0000-4000-8000-0123456789ab"),
    "enum":                  ("p", "WORDS", "'buy'::kind", "buy"),
    "enum, MySQL":           ("m", "WORDS", "(SELECT kind FROM kinds)", "buy"),
    "set, MySQL":            ("m", "WORDS", "(SELECT flags FROM kinds)", "a,b"),
    "jsonb":                 ("p", "WORDS", "'{\"b\": 1, \"a\": [2]}'::jsonb", '{"a": [2], "b": 1}'),
    "json":                  ("m", "WORDS", "(SELECT doc FROM kinds)", '{"b": 1}'),
    "char(5)":               ("p", "WORDS", "'ab'::char(5)", "ab   "),
    "char(5), MySQL":        ("m", "WORDS", "(SELECT short FROM kinds)", "ab"),
    "bytea of UTF-8":        ("p", "WORDS", "convert_to('café', 'UTF8')", "café"),
    "bytea of other bytes":  ("p", "WORDS", "'\\xff00'::bytea", Rejects("bad_encoding")),
    "blob":                  ("m", "WORDS", "CAST('café' AS binary)", "café"),
    "blob of other bytes":   ("ms", "WORDS", "x'ff00'", Rejects("bad_encoding")),
    "array":                 ("p", "WORDS", "ARRAY['a', 'b']", Refuses("cast it to text")),
    "array joined":          ("p", "WORDS", "array_to_string(ARRAY['a', 'b'], '|')", "a|b"),
    "inet":                  ("p", "WORDS", "'10.0.0.1'::inet", Refuses("cast it to text")),
    "empty text":            ("pms", "WORDS", "''", ""),
    "null":                  ("pms", "WORDS", "NULL", ""),
    "four bytes a character": ("pms", "WORDS", "'🙂'", "🙂"),
    # instants
    "timestamptz":           ("p", "CREATION_TIMESTAMP", "'2026-01-01 05:00:00+05'::timestamptz", DAY_1),
    "timestamp":             ("p", "CREATION_TIMESTAMP", "'2026-01-01 00:00:00.9'::timestamp", DAY_1),
    "before a DST change": ("p", "CREATION_TIMESTAMP", "'2026-03-08 01:59:59 EST5EDT'::timestamptz", "1772953199"),
    "after a DST change":  ("p", "CREATION_TIMESTAMP", "'2026-03-08 03:00:00 EST5EDT'::timestamptz", "1772953200"),
    "the hour that comes twice": ("p", "CREATION_TIMESTAMP", "'2025-11-02 01:30:00-05'::timestamptz", "1762065000"),
    "infinity": ("p", "CREATION_TIMESTAMP", "'infinity'::timestamptz", Rejects("timestamp_out_of_range")),
    "-infinity date":        ("p", "CREATION_TIMESTAMP", "'-infinity'::date", Rejects("timestamp_out_of_range")),
    "date":                  ("pm", "CREATION_TIMESTAMP", "CAST('2026-01-01' AS date)", DAY_1),
    "datetime":              ("m", "CREATION_TIMESTAMP", "CAST('2026-01-01 00:00:00.9' AS datetime(1))", DAY_1),
    "zero date":             ("m", "CREATION_TIMESTAMP", "(SELECT zero FROM kinds)", Rejects("wrong_type")),
    "epoch with fractions": ("p", "CREATION_TIMESTAMP", "extract(epoch FROM timestamp '2026-01-01 0:00:00.7')", DAY_1),
    "epoch as float":        ("pms", "CREATION_TIMESTAMP", "1767225600.75 + 0e0", DAY_1),
    "epoch as decimal":      ("pm", "CREATION_TIMESTAMP", "CAST(1767225600.75 AS decimal(14, 2))", DAY_1),
    "epoch as text":         ("pms", "CREATION_TIMESTAMP", "'1767225600.999'", DAY_1),
    "text that is no instant": ("pms", "CREATION_TIMESTAMP", "'yesterday'", Rejects("wrong_type")),
    "interval":              ("p", "LARGE", "interval '1 day'", Refuses("cast it")),
    "time":                  ("p", "WORDS", "'10:00'::time", Refuses("cast it to text")),
    "timestamp into text":   ("p", "WORDS", "'2026-01-01'::timestamp", Refuses("cast it to text")),
    "timestamp into long": ("p", "LARGE", "'2026-01-01'::timestamp", Refuses("only TIMESTAMP and CREATION_TIMESTAMP")),
    "year, MySQL":           ("m", "WHOLE", "(SELECT made FROM kinds)", "1999"),
    "time, MySQL":           ("m", "LARGE", "CAST('10:00' AS time)", Refuses("cast it")),
}  # fmt: skip
KINDS = {"postgres": "p", "psycopg2": "q", "sqlite": "s", "pymysql": "m", "mysql.connector": "m"}


def cases():
    for name in DATABASES:
        plain = name if isinstance(name, str) else name.values[0]
        marks = () if isinstance(name, str) else name.marks
        letter = KINDS[plain]
        for case, (kinds, *_) in CASES.items():
            through_psycopg2 = letter == "q" and "p" in kinds and case not in DIFFERENT
            if letter in kinds or through_psycopg2:
                yield pytest.param(plain, case, marks=marks, id=f"{plain}-{case}")


#: psycopg2 gives objects of Python instead of the database's columns: what becomes of these is in its own table.
DIFFERENT = {"money"}
BY_DRIVER = {
    "psycopg2": {"array": Refuses("cast it to text"), "bit": Rejects("not_boolean"), "inet": "10.0.0.1"},
    "mysql.connector": {"zero date": ""},  # the driver gives NULL
}


def records(text: str) -> csv.DictReader:
    """The file in the guide's dialect: quotes within values are escaped by a backslash."""
    return csv.DictReader(io.StringIO(text), doublequote=False, escapechar="\\")


@pytest.fixture
def export(database_of, s3, text_of):
    """Export one value beside a good row: the rows, and the rejected ones by rule."""

    def run(name: str, field: str, expression: str):
        database = database_of(name)
        if database.kind == "postgres":
            database.run("CREATE TYPE kind AS ENUM ('view', 'buy')")
        if database.kind == "mysql":
            database.run(
                "CREATE TABLE kinds (kind enum('view', 'buy'), flags set('a', 'b'), doc json, short char(5), "
                "zero datetime, made year)",
                "INSERT INTO kinds VALUES ('buy', 'a,b', '{\"b\": 1}', 'ab', '0000-00-00 00:00:00', 1999)",
            )
        columns = {entry.name: "NULL" for entry in SCHEMA.fields} | {"ITEM_ID": "'i'", field: expression}
        one = ", ".join(f"{value} AS {column}" for column, value in columns.items())
        other = ", ".join("'j'" if column == "ITEM_ID" else "NULL" for column in columns)
        source, location = database.source, DatasetLocation("lake", "encore", "items")
        summary = Export(source, s3, location, SCHEMA, rejected_limit=1).run(
            f"SELECT {one} UNION ALL SELECT {other}",
            Partition("all"),
        )
        rows = [row for file in summary.files for row in records(text_of(file["key"]))]
        return {row["ITEM_ID"]: row for row in rows}, summary.rejected

    return run


@pytest.mark.parametrize(("name", "case"), list(cases()))
def test_a_type_is_written_right_or_rejected_by_name(export, name, case):
    _, field, expression, expected = CASES[case]
    expected = BY_DRIVER.get(name, {}).get(case, expected)
    if isinstance(expected, Refuses):
        with pytest.raises(Exception) as caught:
            export(name, field, expression)
        assert f"column '{field.lower()}'" in str(caught.value).lower()
        assert expected.words in str(caught.value)
        return

    rows, rejected = export(name, field, expression)

    assert "j" in rows  # a bad value costs its row
    if isinstance(expected, Rejects):
        assert (rejected, "i" in rows) == ({expected.rule: 1}, False)
    else:
        assert (rows["i"][field], rejected) == (expected, {})


@pytest.mark.parametrize("name", DATABASES)
def test_reserved_and_mixed_case_names_of_columns(database_of, s3, text_of, name):
    database = database_of(name)
    quote = "`" if database.kind == "mysql" else '"'
    key, order, select = (f"{quote}{column}{quote}" for column in ("Item Id", "order", "Select"))
    database.run(
        f"CREATE TABLE goods ({key} varchar(9), {order} integer, {select} varchar(9))",
        "INSERT INTO goods VALUES ('i', 7, 'x'), ('j', NULL, ''), ('k', 0, NULL)",
    )
    item, whole = f"{quote}Item_Id{quote}", f"{quote}WHOLE{quote}"
    rest = ", ".join(
        f"NULL AS {field.name}" for field in SCHEMA.fields if field.name not in {"ITEM_ID", "WORDS", "WHOLE"}
    )
    columns = f"{key} AS {item}, {order} AS {whole}, {select} AS words, {rest}"
    query = f'SELECT {columns} FROM goods ORDER BY {key}; -- `"'  # noqa: S608

    summary = Export(database.source, s3, DatasetLocation("lake", "encore", "items"), SCHEMA).run(
        query, Partition("all")
    )

    rows = list(records(text_of(summary.files[0]["key"])))
    assert [(row["ITEM_ID"], row["WHOLE"], row["WORDS"]) for row in rows] == [
        ("i", "7", "x"),
        ("j", "", ""),
        ("k", "0", ""),
    ]
    assert list(rows[0]) == list(SCHEMA.names)


@pytest.mark.long
@pytest.mark.parametrize("name", ["pymysql", "mysql.connector"])
def test_one_zero_date_costs_its_row(database_of, s3, interactions_schema, text_of, name):
    database = database_of(name)
    database.run(
        "CREATE TABLE e (id int, at datetime)",
        "INSERT INTO e SELECT seq, '2026-01-01 00:00:00' + INTERVAL seq SECOND FROM seq_1_to_500",
        "UPDATE e SET at = '0000-00-00' WHERE id = 250",
    )
    query = (
        "SELECT id AS user_id, id AS item_id, 'view' AS event_type, NULL AS event_value, NULL AS device, "
        "at AS timestamp FROM e ORDER BY id"
    )
    location = DatasetLocation("lake", "encore", "interactions")

    summary = Export(database.source, s3, location, interactions_schema).run(query, Partition("all"))

    assert (summary.rows_read, summary.rows_written) == (500, 499)
    assert summary.rejected == {"wrong_type" if name == "pymysql" else "missing_value": 1}
    lines = text_of(summary.files[0]["key"]).splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == [str(n) for n in range(1, 501) if n != 250]
    assert lines[0].endswith(",1767225601")
