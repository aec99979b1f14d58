"""Query files as SQL, line by line where they were."""

from __future__ import annotations

from airflow_personalize.export.read.query_template import read_template


def test_markers_are_written_as_airflow_renders_them_and_lines_stay():
    text = "SELECT a\n{# two\nlines #}\nFROM {{ params.t }}\n{%- if x %}\nWHERE b >= {{ start }}\n{% endif %}\nAND c"

    result = read_template(text)

    assert result.problems == []
    assert result.sql.split("\n")[5] == "WHERE b >= :partition_start"
    assert result.sql.split("\n")[7] == "AND c"
    assert "FROM jinja_expression" in result.sql.split("\n")[3]


def test_an_expression_over_a_marker_is_named():
    [problem] = read_template("SELECT 1\nWHERE a < {{ end | upper }}").problems

    assert problem.line == 2
    assert "{{ end | upper }}: a marker has no value yet" in problem.message


def test_what_jinja_refuses_is_named_with_its_line():
    [problem] = read_template("SELECT 1\nWHERE a < {{ end }").problems

    assert (problem.line, "two braces on both sides: {{ start }}" in problem.message) == (2, True)
