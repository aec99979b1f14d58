"""`make check` reads the query files that the pipeline file names."""

from __future__ import annotations

import subprocess
import sys

import pytest

from encore.config import INCLUDE, load_pipeline
from encore.config.queries import query_problems

GOOD = "SELECT user_id, at AS timestamp FROM e WHERE at >= {{ start }} AND at < {{ end }}"
FILE = """\
dataset_groups:
  - name: shop
    role: Role
    bucket: shop
    datasets:
      interactions: {{schema: schemas/interactions.json, sql: {interactions}{more}}}
      users: {{schema: schemas/users.json, sql: sql/users.sql}}
    solutions:
      - name: personal
        recipe: aws-user-personalization-v2
    batch:
      jobs:
        - {{name: some, solution: personal, input: {batch}}}
"""


@pytest.fixture
def problems(tmp_path):
    """What is said about a pipeline file whose queries are these."""

    def problems_of(interactions=GOOD, bounds=None, batch="SELECT user_id FROM vips", environment=None):
        files = {"interactions": interactions, "bounds": bounds, "batch": batch}
        paths = {name: tmp_path / f"{name}.sql" for name, text in files.items() if text is not None}
        for name, path in paths.items():
            path.write_text(files[name])
        more = f", splits: 2, bounds_sql: {paths['bounds']}" if bounds else ""
        pipeline = tmp_path / "pipeline.yaml"
        pipeline.write_text(FILE.format(interactions=paths["interactions"], batch=paths["batch"], more=more))
        lines, _ = query_problems(load_pipeline(pipeline), INCLUDE, environment or {})
        return [line.removeprefix(f"{tmp_path}/") for line in lines]

    return problems_of


def test_the_projects_own_queries_are_in_order():
    assert query_problems(load_pipeline(), INCLUDE, {}) == ([], [])
    assert query_problems(load_pipeline(), INCLUDE, {"AIRFLOW_CONN_PRODUCT_DB": "postgres://db"}) == ([], [])


def test_each_query_is_checked_for_what_it_is_run_with(problems):
    sliced = GOOD + " AND id >= {{ low }} AND id < {{ high }}"

    assert problems() == []
    assert problems(sliced, bounds="SELECT min(id), max(id) FROM e WHERE at >= {{ start }}") == []
    assert problems(sliced)[0].startswith("interactions.sql:1: {{ low }} has no value here")
    assert problems(GOOD, bounds="SELECT 1, 2")[0].startswith(
        "interactions.sql:1: {{ low }} and {{ high }} are missing"
    )
    assert problems(sliced, bounds="SELECT {{ low }}, 2")[0].startswith(
        "bounds.sql:1: {{ low }} has no value"
    )
    assert problems(batch="SELECT user_id\nFROM e WHERE at < {{ end }}") == [
        "batch.sql:2: {{ end }} has no value here: take it out"
    ]


@pytest.mark.parametrize("which", ["interactions", "bounds", "batch"])
def test_an_empty_query_of_any_kind_is_named(problems, which):
    assert f"{which}.sql:1: the query is empty: it has no statement, only comments or blanks" in problems(
        **{"bounds": "SELECT 1, 2", which: "-- nothing\n/* here */;"}
    )


def test_the_connection_says_what_is_a_comment(problems):
    query = GOOD + " # it's a comment in MySQL"

    assert problems(query, environment={"AIRFLOW_CONN_PRODUCT_DB": "mysql://db/shop"}) == []
    assert problems(query, environment={"AIRFLOW_CONN_PRODUCT_DB": "postgres://db/shop"}) != []


def test_the_command_names_file_and_line_and_fails(tmp_path):
    query, pipeline = tmp_path / "e.sql", tmp_path / "pipeline.yaml"
    query.write_text("SELECT user_id, at AS timestamp\nFROM e\nWHERE at BETWEEN '{{ start }}'\nAND {{ end }}")
    pipeline.write_text(FILE.format(interactions=query, batch=query, more=""))

    command = [sys.executable, "-W", "ignore", "-m", "encore.config", "check", str(pipeline)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=INCLUDE.parent / "plugins", check=False
    )

    assert done.returncode == 1
    assert f"{query}:3: the marker {{{{ start }}}} is in quotes" in done.stdout
    assert f"{query}:4: {{{{ end }}}} belongs to the next partition" in done.stdout
