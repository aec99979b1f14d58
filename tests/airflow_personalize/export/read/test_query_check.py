"""What is found in a query file before it runs: markers that are missing, quoted, inclusive or mistyped."""

from __future__ import annotations

import pytest

from airflow_personalize.export.read.query_check import check_query

HEAD = "SELECT user_id, happened_at AS timestamp\nFROM events\n"
DAY = ("start", "end")
SLICE = (*DAY, "low", "high")
DIALECTS = ["postgres", "mysql", "sqlite", "tsql", "snowflake", None]


def lines(where, dialect=None, needed=DAY, **kwargs):
    return [
        (problem.line, problem.message)
        for problem in check_query(HEAD + where, dialect, needed, **kwargs).problems
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "where",
    [
        "WHERE happened_at >= {{ start }} AND happened_at < {{ end }}",
        "WHERE happened_at >= {{start}} AND {{- end -}} > happened_at; -- done",
        "WHERE happened_at >= :start AND happened_at < :end",
        "WHERE NOT happened_at < {{ start }} AND NOT happened_at >= {{ end }}",
        "WHERE happened_at >= CAST({{ start }} AS date) AND happened_at < CAST({{ end }} AS date)",
        "WHERE (happened_at) >= ({{ start }}) AND happened_at < ({{ end }}) /* {{ low }} '{{ start }}' */",
        "WHERE happened_at >= {{ start }} AND happened_at < {{ end }}\n"
        "AND price IN (SELECT price FROM prices WHERE valid_from <= {{ end }})",
        "{# all\n #}\nWHERE happened_at >= {{ start }} AND happened_at < {{ end }} {% if x %}AND a = 1{% endif %}",
        "WHERE kind = 'a:start' AND happened_at >= {{ start }} AND happened_at < {{ end }} AND x <> '%s{}'",
        "WHERE happened_at BETWEEN {{ start }} AND {{ end }} AND happened_at < {{ end }}",
    ],
)
def test_a_query_that_keeps_to_its_day_is_in_order(dialect, where):
    assert lines(where, dialect) == []


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", [(2, "{{ start }} and {{ end }} are missing")]),
        ("WHERE kind = 'view'", [(3, "{{ start }} and {{ end }} are missing")]),
        ("WHERE happened_at >= {{ start }}", [(3, "{{ end }} is missing")]),
        ("\n-- {{ start }} {{ end }}\nWHERE happened_at < {{ end }}", [(5, "{{ start }} is missing")]),
        ("WHERE happened_at BETWEEN {{ start }}\nAND {{ end }}", [(4, "BETWEEN and <= take it in")]),
        (
            "WHERE happened_at >= {{ start }}\nAND happened_at <= {{ end }}",
            [(4, "BETWEEN and <= take it in")],
        ),
        (
            "WHERE happened_at >= {{ start }} AND\n{{ end }} >= happened_at",
            [(4, "BETWEEN and <= take it in")],
        ),
        ("WHERE happened_at >= {{ start }}\nAND happened_at <= CAST({{ end }} AS date)", [(4, "take it in")]),
        ("WHERE happened_at > {{ start }} AND happened_at < {{ end }}", [(3, "but > leaves it out")]),
        (
            "WHERE happened_at >= {{ end }}\nAND happened_at < {{ start }}",
            [(3, "{{ end }} ends the partition"), (4, "{{ start }} begins the partition")],
        ),
        (
            "WHERE happened_at >= '{{ start }}'\nAND happened_at < '{{ end }}'",
            [(3, "the marker {{ start }} is in quotes"), (4, "the marker {{ end }} is in quotes")],
        ),
        (
            "WHERE happened_at >= CAST('{{ start }}' AS timestamp) AND happened_at <\n{{ end }}",
            [(3, "the marker {{ start }} is in quotes")],
        ),
        (
            "WHERE happened_at >= { start }\nAND happened_at < {{ end }}",
            [(3, "{ start } has one brace too few")],
        ),
        (
            "WHERE happened_at >= {{ start }}\nAND happened_at < { end }}",
            [(4, "{ end }} has one brace too few")],
        ),
        ("WHERE happened_at >= {{ start }}\nAND happened_at < {{ end }", [(4, "two braces on both sides")]),
        ("WHERE happened_at >= {{ start.date() }} AND happened_at < {{ end }}", [(3, "has no value yet")]),
        (
            "WHERE id >= {{ low }} AND happened_at >= {{ start }} AND happened_at < {{ end }}",
            [(3, "{{ low }} has no value here")],
        ),
        (
            "WHERE happened_at >= {{ start }} AND happened_at < {{ end }};\nSELECT 2",
            [(3, "several statements")],
        ),
        ("WHERE happened_at >= {{ start }} AND a = 'b\n", [(3, "does not end")]),
    ],
)
def test_what_would_give_other_rows_is_named_with_its_line(dialect, where, expected):
    result = lines(where, dialect)

    assert [line for line, _ in result] == [line for line, _ in expected]
    for (_, message), (_, words) in zip(result, expected, strict=True):
        assert words in message


@pytest.mark.parametrize("text", ["", "\n", "-- nothing", "/* a */ ;", "{# a #}", "{% if x %}{% endif %}"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_empty_query_is_named(dialect, text):
    [problem] = check_query(text, dialect, DAY).problems

    assert (problem.line, problem.message[:18]) == (1, "the query is empty")


def test_slices_by_key_need_both_keys_half_open():
    where = "WHERE happened_at >= {{ start }} AND happened_at < {{ end }}\n"

    assert lines(where + "AND id >= {{ low }} AND id < {{ high }}", needed=SLICE) == []
    assert "{{ low }} and {{ high }} are missing" in lines(where, needed=SLICE)[0][1]
    [(line, message)] = lines(where + "AND id BETWEEN {{ low }} AND {{ high }}", needed=SLICE)
    assert (line, "{{ high }} belongs to the next" in message) == (4, True)


def test_a_dataset_that_is_exported_whole_has_no_bounds():
    [(line, message)] = lines("WHERE born < {{ end }}", needed=())

    assert (line, message) == (3, "{{ end }} has no value here: take it out")
    assert lines("WHERE born < {{ end }}", needed=(), allowed=DAY) == []


def test_a_statement_that_writes_is_no_query():
    [problem] = check_query("-- a\nUPDATE events SET a = 1", "postgres").problems

    assert (problem.line, problem.message) == (2, "the query begins with UPDATE: it must be a SELECT")


def test_what_the_parser_does_not_know_is_a_warning_and_markers_are_found_all_the_same():
    result = check_query(HEAD + "WHERE happened_at >= {{ start }}\nFROBNICATE BY 3 'x'", "postgres", DAY)

    assert [(problem.line, "{{ end }} is missing" in problem.message) for problem in result.problems] == [
        (3, True)
    ]
    assert "not understood as postgres near" in result.warnings[0].message


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("SELECT `user_id` FROM `e` WHERE `t` >= {{ start }} AND t < {{ end }} # it's MySQL", "mysql"),
        ("SELECT u::text FROM e WHERE t >= {{ start }} AND t < {{ end }} AND a = $$it's$$", "postgres"),
    ],
)
def test_without_a_known_database_the_usual_dialects_are_tried(text, dialect):
    assert check_query(text, None, DAY) == check_query(text, dialect, DAY)
    assert check_query(text, None, DAY).problems == []
