"""41 events of four days, exported day by day: 41 rows in the snapshot, or a refusal that names the fault.

The table is asked in every way that people write such a query. Events lie on every edge that a bound can miss: the
first and the last second of a day, midnight itself, and hours in which New York has another date than UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_personalize.export.exceptions import ExportError, OutsidePartitionError
from airflow_personalize.export.exporter import Export
from airflow_personalize.export.partitions import Partition, cut_by_key, day
from airflow_personalize.export.read.query_check import check_query
from airflow_personalize.export.read.query_template import read_template
from airflow_personalize.export.shards import commit_all, plan
from airflow_personalize.export.snapshot import create_snapshot
from tests.airflow_personalize.export.databases.conftest import DATABASES

FIRST = datetime(2026, 3, 6, tzinfo=UTC)  # clocks change in New York on the third of the four days
DAYS = [day((FIRST + timedelta(days=number)).date().isoformat()) for number in range(4)]
HEAD = "SELECT user_id, item_id, event_type, event_value, device, {timestamp} AS timestamp\nFROM events\n"
SECONDS = {
    "postgres": "extract(epoch FROM {})",
    "mysql": "unix_timestamp({})",
    "sqlite": "strftime('%s', {})",
}

#: How the WHERE is written -> rows, or the words of the refusal. `at` is an instant, `seconds` are epoch seconds.
SPELLINGS = {
    "right": ("WHERE at >= {{ start }} AND at < {{ end }}", 41),
    "other way round": ("WHERE {{ start }} <= at AND {{ end }} > at", 41),
    "upper case, parentheses": ("where (AT >= ({{start}})) and (AT < {{end}})", 41),
    "ends in ;": ("WHERE at >= {{ start }} AND at < {{ end }};", 41),
    "ends in a comment": ("WHERE at >= {{ start }} AND at < {{ end }} -- the end", 41),
    "ends in ; and a comment": ("WHERE at >= {{ start }} AND at < {{ end }}; -- the end", 41),
    "ends in ; and another comment": ("WHERE at >= {{ start }} AND at < {{ end }};\n/* the ' end; */\n", 41),
    "comments with markers": (
        "/* {{ end }} */ WHERE at >= {{ start }} -- {{ start }}'\nAND at < {{ end }}",
        41,
    ),
    "percent signs": ("WHERE at >= {{ start }} AND at < {{ end }} AND event_type NOT LIKE '%s%%'", 41),
    "a marker in a text": (
        "WHERE at >= {{ start }} AND at < {{ end }} AND event_type <> ':start %(end)s ?'",
        41,
    ),
    "BETWEEN and <": ("WHERE at BETWEEN {{ start }} AND {{ end }} AND at < {{ end }}", 41),
    "epoch seconds, converted": ("WHERE seconds >= {SECONDS} AND seconds < {SECONDS_END}", 41),
    "no WHERE": ("", "lies outside of partition"),
    "another WHERE": ("WHERE event_type = 'view'", "lies outside of partition"),
    "the start alone": ("WHERE at >= {{ start }}", "lies outside of partition"),
    "the end alone": ("WHERE at < {{ end }}", "lies outside of partition"),
    "BETWEEN": ("WHERE at BETWEEN {{ start }} AND {{ end }}", "lies outside of partition"),
    "<=": ("WHERE at >= {{ start }} AND at <= {{ end }}", "lies outside of partition"),
    "OR without parentheses": (
        "WHERE at >= {{ start }} AND at < {{ end }} OR user_id = 'u3'",
        "lies outside",
    ),
    "swapped": ("WHERE at >= {{ end }} OR at < {{ start }}", "lies outside of partition"),
    "quoted": (
        "WHERE at >= '{{ start }}' AND at < '{{ end }}'",
        "line 3 of the query: the marker {{ start }} is in",
    ),
    "one quoted": (
        "WHERE at >= {{ start }}\nAND at < '{{ end }}'",
        "line 4 of the query: the marker {{ end }} is in",
    ),
    "quoted in a cast": (
        "WHERE at >= CAST('{{ start }}' AS date) AND at < {{ end }}",
        "line 3 of the query: the m",
    ),
    "markers in a comment": ("-- WHERE at >= {{ start }} AND at < {{ end }}", "lies outside of partition"),
    "two statements": (
        "WHERE at >= {{ start }} AND at < {{ end }}; SELECT 1",
        "line 3 of the query: the query holds",
    ),
    "epoch seconds, compared with instants": (
        "WHERE seconds >= {{ start }} AND seconds < {{ end }}",
        "{INSTANTS}",
    ),
    "an unknown marker": ("WHERE id >= {{ low }} AND at >= {{ start }} AND at < {{ end }}", "has no low"),
}
#: What the database itself refuses, or the file's check finds.
TYPES = {
    "postgres": "operator does not exist: bigint >= timestamp",
    "mysql": "with a column of numbers",
    "sqlite": "with a column of numbers",
}


def moments() -> list[datetime]:
    """41 instants: each day's edges, hours around New York's midnight, and the same number of others."""
    edges = [FIRST + timedelta(days=number, seconds=second) for number in range(4) for second in (0, 86_399)]
    abroad = [
        FIRST + timedelta(days=number, hours=hour, minutes=59) for number in range(4) for hour in (3, 4, 5)
    ]
    rest = [FIRST + timedelta(hours=4 * number + 1, minutes=7) for number in range(21)]
    return edges + abroad + rest


def written(kind: str, moment: datetime) -> str:
    """The moment as a value of the column, whatever the time zone of the server."""
    if kind == "mysql":
        return f"from_unixtime({moment.timestamp():.0f})"
    return f"'{moment:%Y-%m-%d %H:%M:%S}{'+00' if kind == 'postgres' else ''}'"


@pytest.fixture
def filled(database_of):
    def fill(name: str):
        database = database_of(name)
        instant = {"postgres": "timestamptz", "mysql": "timestamp", "sqlite": "text"}[database.kind]
        database.run(
            "CREATE TABLE events (id bigint, user_id varchar(9), item_id varchar(9), event_type varchar(9), "
            f"event_value float, device varchar(9), at {instant} NOT NULL, seconds bigint)"
        )
        assert len(moments()) == 41
        rows = ", ".join(
            f"({number}, 'u{number % 7}', 'i{number % 5}', 'view', NULL, 'tv', {written(database.kind, moment)}, "
            f"{moment.timestamp():.0f})"
            for number, moment in enumerate(moments())
        )
        database.run(f"INSERT INTO events VALUES {rows}")  # noqa: S608
        return database

    return fill


def sql_of(database, where: str) -> tuple[str, str]:
    """The query file as people write it, and as Airflow renders it."""
    seconds = SECONDS[database.kind]
    where = where.replace("{SECONDS}", seconds.format("{{ start }}"))
    where = where.replace("{SECONDS_END}", seconds.format("{{ end }}"))
    timestamp = "CAST(strftime('%s', at) AS integer)" if database.kind == "sqlite" else "at"
    text = HEAD.format(timestamp=timestamp) + where
    return text, read_template(text).sql


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", DATABASES)
def test_every_spelling_gives_41_rows_or_a_refusal_that_names_the_fault(
    filled, s3, location, interactions_schema, name, spelling
):
    where, expected = SPELLINGS[spelling]
    database = filled(name)
    text, rendered = sql_of(database, where)
    export = Export(database.source, s3, location, interactions_schema, query="query sql/events.sql")

    def run() -> int:
        for partition in DAYS:
            export.run(rendered, partition)
        return create_snapshot(s3, location, "run").to_dict()["rows"]

    if expected == 41:
        assert run() == 41
        assert check_query(text, database.kind, ("start", "end")).problems == []
        return
    expected = expected.replace("{INSTANTS}", TYPES[database.kind])
    with pytest.raises(Exception) as caught:
        run()
    assert expected in str(caught.value)
    if isinstance(caught.value, OutsidePartitionError):
        assert "query sql/events.sql, row " in str(caught.value)
        assert "partition '2026-03-0" in str(caught.value)


@pytest.mark.parametrize(
    "spelling",
    [
        "no WHERE",
        "another WHERE",
        "the start alone",
        "the end alone",
        "BETWEEN",
        "<=",
        "quoted",
        "one quoted",
        "quoted in a cast",
        "markers in a comment",
        "two statements",
        "an unknown marker",
    ],
)
@pytest.mark.parametrize("kind", ["postgres", "mysql", "sqlite", None])
def test_the_check_of_the_file_finds_what_the_run_would_refuse(kind, spelling):
    where, _ = SPELLINGS[spelling]

    problems = check_query(HEAD.format(timestamp="at") + where, kind, ("start", "end")).problems

    assert problems
    assert all(2 <= problem.line <= 4 for problem in problems)


@pytest.mark.parametrize("name", DATABASES)
def test_a_day_without_events_is_empty_and_no_fault(filled, s3, location, interactions_schema, name):
    database = filled(name)
    _, rendered = sql_of(database, SPELLINGS["right"][0])

    summary = Export(database.source, s3, location, interactions_schema).run(rendered, day("2026-02-01"))

    assert summary.rows_read == 0


@pytest.mark.parametrize("name", DATABASES)
def test_slices_of_a_day_hold_each_row_once(filled, s3, location, interactions_schema, name):
    database = filled(name)
    _, rendered = sql_of(database, SPELLINGS["right"][0])
    export = Export(database.source, s3, location, interactions_schema)
    bounds = (
        "SELECT min(id), max(id) FROM events WHERE at >= :start AND at < :end; -- the keys\n/* of a day */"
    )
    by_key = [entry for one in DAYS[:2] for entry in plan(one, 3, database.source, bounds)]
    in_time = [entry for one in DAYS[2:] for entry in plan(one, 7)]

    written = [export.run(rendered + " AND id >= :low AND id < :high", entry) for entry in by_key]
    written += [export.run(rendered, entry) for entry in in_time]
    commit_all(s3, location, written, 0.01)

    assert create_snapshot(s3, location, "run").to_dict()["rows"] == 41


def test_a_slice_whose_query_does_not_ask_for_its_key_is_refused(filled, s3, location, interactions_schema):
    database = filled("sqlite")
    _, rendered = sql_of(database, SPELLINGS["right"][0])
    [first, *_] = cut_by_key(DAYS[0], 0, 40, 2)

    with pytest.raises(
        ExportError, match=r"the query lacks \{\{ low \}\} and \{\{ high \}\}, so each of the 2"
    ):
        Export(database.source, s3, location, interactions_schema).run(rendered, first)


@pytest.mark.parametrize("query", ["", "-- nothing", "/* a */;\n-- b"])
@pytest.mark.parametrize("name", DATABASES)
def test_a_query_of_comments_only_is_an_error_and_not_the_end_of_the_process(database_of, name, query):
    database = database_of(name)

    with (
        pytest.raises(ExportError, match="line 1 of the query: the query is empty"),
        database.source.query(query, {}),
    ):
        pass


def test_the_whole_table_needs_no_markers(filled, s3, location, interactions_schema):
    database = filled("sqlite")
    _, rendered = sql_of(database, "")

    assert (
        Export(database.source, s3, location, interactions_schema).run(rendered, Partition("full")).rows_read
        == 41
    )
