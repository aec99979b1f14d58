"""What the `batch` section may say, and how its problems are reported."""

from __future__ import annotations

import pytest

from encore.config import PipelineError, load_pipeline

FILE = """\
dataset_groups:
  - name: shop
    role: Role
    bucket: shop
    datasets:
      interactions: {schema: schemas/interactions.json, sql: sql/interactions.sql}
      users: {schema: schemas/users.json, sql: sql/users.sql}
      items: {schema: schemas/items.json, sql: sql/items.sql}
    solutions:
      - {name: popular, recipe: aws-popularity-count}
      - {name: hot, recipe: aws-trending-now}
      - {name: alike, recipe: aws-similar-items}
      - {name: ranked, recipe: aws-personalized-ranking}
    filters:
      - {name: fresh, expression: INCLUDE ItemID WHERE Items.CATEGORY IN ("a")}
    batch:
      schedule: 0 5 * * 1
      jobs:
        - {name: mail, solution: popular, filter: fresh, table: public.for_you}
        - {name: fans, kind: segments, recipe: aws-item-affinity, input: sql/items.sql}
"""


@pytest.fixture
def load(tmp_path):
    def changed(old: str = "", new: str = ""):
        assert old in FILE
        file = tmp_path / "pipeline.yaml"
        file.write_text(FILE.replace(old, new) if old else FILE)
        try:
            return load_pipeline(file).dataset_groups[0]
        except PipelineError as error:
            return [line.removeprefix(f"{file}:") for line in str(error).splitlines()]

    return changed


def test_a_job_knows_its_recipe_its_query_and_its_place(load):
    group = load()
    mail, fans = group.batch_jobs
    assert (group.recipe_of(mail), group.recipe_of(fans)) == ("aws-popularity-count", "aws-item-affinity")
    assert (group.batch_query(mail), group.batch_query(fans)) == ("sql/users.sql", "sql/items.sql")
    assert group.batch_uri(mail) == "s3://shop/encore/batch/mail/"
    assert fans.solution_name == "fans"


MAIL, FANS = "name: mail, solution: popular", "name: fans, kind: segments, recipe: aws-item-affinity"
JOB = "dataset_groups.0.batch.jobs"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("0 5 * * 1", "0 5 * *", "17: dataset_groups.0.batch.schedule: '0 5 * *' is not a cron expression"),
        (
            MAIL,
            "name: mail, solution: hot",
            f"19: {JOB}.0.solution: the recipe aws-trending-now takes no batch jobs",
        ),
        (
            MAIL,
            "name: mail, recipe: aws-next-best-action",
            f"19: {JOB}.0.recipe: the recipe aws-next-best-action",
        ),
        (
            MAIL,
            "name: mail, solution: ranked",
            f"19: {JOB}.0: aws-personalized-ranking needs `input`: a query file wi",
        ),
        (
            MAIL,
            "name: mail, solution: nobody",
            f"19: {JOB}.0.solution: there is no solution nobody, only popular, hot",
        ),
        (
            MAIL,
            "name: mail",
            f"19: {JOB}.0: Value error, say either `solution`, one of the group's, or `recipe`",
        ),
        (MAIL, f"{MAIL}, recipe: aws-sims", f"19: {JOB}.0: Value error, say either"),
        (
            MAIL,
            f"{MAIL}, kind: segments",
            f"19: {JOB}.0.kind: the recipe aws-popularity-count makes recommendations",
        ),
        (
            MAIL,
            f"{MAIL}, input: items",
            f"19: {JOB}.0.input: aws-popularity-count is asked with user_id, not with all",
        ),
        (MAIL, f"{MAIL}, input: sql/nothing.sql", f"19: {JOB}.0.input: there is no file"),
        (MAIL, f"{MAIL}, num_results: 501", f"19: {JOB}.0: Value error, num_results is 501"),
        (MAIL, f"{MAIL}, output: ../other", f"19: {JOB}.0.output: String should match"),
        ("public.for_you", "for_you; DROP", f"19: {JOB}.0.table: String should match"),
        ("filter: fresh", "filter: stale", f"19: {JOB}.0.filter: there is no filter stale"),
        (
            FANS,
            "name: fans, recipe: aws-item-affinity",
            f"20: {JOB}.1.kind: the recipe aws-item-affinity makes segmen",
        ),
        (
            FANS,
            "name: fans, kind: segments, recipe: aws-item-affinit",
            f"20: {JOB}.1.recipe: aws-item-affinit is no r",
        ),
        (FANS, f"{FANS}, output: mail", f"20: {JOB}.1.output: another job has the output batch/mail already"),
        (FANS, f"{FANS}, table: public.for_you", f"20: {JOB}.1.table: another job has the table"),
        (
            FANS,
            FANS.replace("fans", "popular"),
            "2: dataset_groups.0: Value error, solution named more than once: pop",
        ),
        (
            "      items: {schema: schemas/items.json, sql: sql/items.sql}\n",
            "",
            f"19: {JOB}.1.input: the group has no dataset items",
        ),
    ],
)
def test_a_problem_is_reported_with_its_line_and_key(load, old, new, expected):
    if "no dataset items" in expected:
        new, old = FILE.replace(old, new).replace("input: sql/items.sql", "input: items"), FILE
    result = load(old, new)
    assert isinstance(result, list)
    assert any(line.startswith(expected) for line in result), result


def test_solutions_of_jobs_count_towards_the_quota(load):
    jobs = "".join(f"        - {{name: j{n}, recipe: aws-sims}}\n" for n in range(6))
    (line,) = load(FILE, FILE + jobs)
    assert "11 solutions, but the service's quota is 10" in line
