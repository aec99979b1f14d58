"""Values that try to be something else: all are data, or rejected; none changes query, CSV or memory."""

from __future__ import annotations

import csv
import io
import re

import pyarrow as pa
import pyarrow.csv as pcsv
import pytest

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.exporter import Export
from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.read.sources import PostgresSource, column_of
from airflow_personalize.export.validation.checker import BatchChecker
from airflow_personalize.export.validation.contract import Action, Contract, Rule

COLUMNS = (
    "SELECT {id} AS item_id, {genres} AS genres, 1.5::float8 AS price, true AS in_stock, 1 AS stars, "
    "{description} AS description, NULL::bigint AS creation_timestamp "
)


@pytest.fixture
def export(s3, postgres, items_schema):
    def run(query, contract=None, **bounds):
        location = DatasetLocation("lake", "encore", "items")
        built = Export(PostgresSource(postgres), s3, location, items_schema, contract, rejected_limit=1)
        return built.run(query, Partition("full", **bounds))

    return run


@pytest.fixture
def written(text_of, items_schema):
    def read(summary):
        [file] = summary.files
        return pcsv.read_csv(
            io.BytesIO(text_of(file["key"]).encode()),
            parse_options=pcsv.ParseOptions(escape_char="\\", double_quote=False),
            convert_options=pcsv.ConvertOptions(
                column_types=items_schema.arrow(), strings_can_be_null=True, null_values=[""]
            ),
        ).to_pylist()

    return read


@pytest.mark.parametrize(
    "value",
    [
        "Robert'); DROP TABLE hostile;--",
        '"quoted", with "more"',
        "a,b,,c",
        "line one\nline two\r\nline three",
        '"',
        '""',
        ",",
        '=HYPERLINK("http://evil","x")',
        "+1+1",
        "@SUM(A1)",
        "\\",
        "\\N",
        "\\.",
        "# comment",
        "{{ start }} :start %s $1",
        "\ufeffbyte order mark",
        "\u202eright to left",
        "🙂👩‍👩‍👧",
        "null",
        "  ",
    ],
)
def test_a_text_comes_back_as_it_was(export, written, run_sql, value):
    run_sql("DROP TABLE IF EXISTS hostile; CREATE TABLE hostile (text text)")
    run_sql("INSERT INTO hostile VALUES (%s)", [value])

    summary = export(COLUMNS.format(id="'i1'", genres="NULL::text", description="text") + "FROM hostile")

    assert summary.rejected == {}
    one_line = re.sub(
        "[\r\n]+", " ", value
    )  # a record is one line; the service takes line breaks out of text anyhow
    assert [row["DESCRIPTION"] for row in written(summary)] == [one_line]
    assert run_sql("SELECT count(*) FROM hostile") == [(1,)]


def test_ids_and_categories_with_line_breaks_are_rejected_with_their_values(export, text_of, keys):
    query = COLUMNS.format(id="'a,\"b\"' || n", genres="E'war\\nlove'", description="NULL::text")

    summary = export(query + "FROM generate_series(1, 3) AS n")

    assert summary.rejected == {"control_character": 3}
    [key] = keys("encore/rejected/")
    rows = list(csv.DictReader(io.StringIO(text_of(key))))
    assert [row["ITEM_ID"] for row in rows] == ['a,"b"1', 'a,"b"2', 'a,"b"3']
    assert rows[0]["GENRES"] == "war\nlove"


LONG_TEXT = "CASE WHEN n = 2 THEN repeat('x', 100000000) ELSE 'fine' END"


def test_a_text_of_100_megabytes_is_cut_off_as_the_service_does(export, written):
    query = COLUMNS.format(id="n", genres="NULL::text", description=LONG_TEXT)

    summary = export(query + "FROM generate_series(1, 3) AS n")

    assert summary.rejected == {}
    assert summary.dropped_values == {"text_too_long": 1}
    assert [len(row["DESCRIPTION"]) for row in written(summary)] == [4, 20_000, 4]


def test_a_text_of_100_megabytes_that_is_rejected_is_not_copied(export, written, text_of, keys):
    query = COLUMNS.format(id="n", genres="NULL::text", description=LONG_TEXT)

    reject = Contract(rules={Rule.TEXT_TOO_LONG: Action.REJECT})
    summary = export(query + "FROM generate_series(1, 3) AS n", contract=reject)

    assert summary.rejected == {"text_too_long": 1}
    assert [row["ITEM_ID"] for row in written(summary)] == ["1", "3"]
    [key] = keys("encore/rejected/")
    text = text_of(key)
    assert "(100,000,000 characters)" in text
    assert len(text) < 3_000


def test_bytes_in_another_encoding_are_rejected_and_shown(export, written, text_of, keys):
    query = COLUMNS.format(
        id="n",
        genres="NULL::text",
        description="CASE n WHEN 2 THEN '\\xff636166e9'::bytea ELSE 'café'::bytea END",
    ).replace("'café'::bytea", "convert_to('café', 'UTF8')")

    summary = export(query + "FROM generate_series(1, 3) AS n")

    assert summary.rejected == {"bad_encoding": 1}
    assert [row["DESCRIPTION"] for row in written(summary)] == ["café", "café"]
    [key] = keys("encore/rejected/")
    assert "\\xffcaf\\xe9" in text_of(key)


def test_a_bound_that_looks_like_sql_stays_a_value(export, run_sql):
    run_sql(
        "DROP TABLE IF EXISTS hostile; CREATE TABLE hostile (text text); INSERT INTO hostile VALUES ('a')"
    )
    query = COLUMNS.format(id="text", genres="NULL::text", description="NULL::text")

    summary = export(query + "FROM hostile WHERE text >= :low", low="x'; DROP TABLE hostile;--")

    assert summary.rows_read == 0
    assert run_sql("SELECT count(*) FROM hostile") == [(1,)]


@pytest.mark.parametrize("instant", ["'infinity'", "'-infinity'", "'294276-01-01'", "'0044-03-15 BC'"])
def test_instants_beyond_any_calendar_are_rejected(export, instant):
    query = COLUMNS.format(id="'a'", genres="NULL::text", description="NULL::text")

    summary = export(query.replace("NULL::bigint", f"{instant}::timestamptz"))

    assert summary.rejected == {"timestamp_out_of_range": 1}


def test_database_types_arrive_exactly(export, written):
    query = (
        "SELECT '00000000-0000-4000-8000-0123456789ab'::uuid AS item_id, 'war'::char(5) AS genres, "
        "12345678.25::numeric AS price, NULL::bool AS in_stock, 3::smallint AS stars, "
        "'{\"a\": 1}'::jsonb AS description, '2026-01-01 00:00:00.9'::timestamp AS creation_timestamp"
    )

    [row] = written(export(query))

    assert row["ITEM_ID"] == "00000000-0000-4000-8000-0123456789ab"
    assert row["PRICE"] == 12345678.25
    assert row["STARS"] == 3
    assert row["DESCRIPTION"] == '{"a": 1}'
    assert row["CREATION_TIMESTAMP"] == 1767225600


@pytest.mark.parametrize("kind", ["money", "oid"])
def test_types_that_arrive_as_other_numbers_are_refused(export, kind):
    query = COLUMNS.format(id="'a'", genres="NULL::text", description="NULL::text")

    with pytest.raises(ExportError, match=f"'price' is of type {kind}"):
        export(query.replace("1.5::float8", f"'1'::{kind}") + " -- the query may end in a comment")


def test_a_lone_surrogate_of_a_driver_is_rejected(items_schema):
    good = {"ITEM_ID": ["a", "b"], "GENRES": [None] * 2, "PRICE": [1.0] * 2, "IN_STOCK": [True] * 2}
    rest = {"STARS": [1] * 2, "DESCRIPTION": ["fine", "\ud800"], "CREATION_TIMESTAMP": [None] * 2}
    columns = {name: column_of(values) for name, values in {**good, **rest}.items()}
    batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    checked = BatchChecker("items", items_schema, batch.schema.names).check(batch)

    assert [rule.value for rule in checked.rejected.rules] == ["bad_encoding"]
    assert checked.written.column("ITEM_ID").to_pylist() == ["a"]
