"""What must hold between the sections of the pipeline file."""

from __future__ import annotations

import pytest

from encore.config import load_pipeline
from tests.support.pipeline_files import MINIMAL, problems  # noqa: F401


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "    bucket: shop\n",
            "    bucket: shop\n    buckets: 2\n",
            "5: dataset_groups.0.buckets: Extra inputs",
        ),
        (
            "aws-sims",
            "aws-sim",
            "11: dataset_groups.0.solutions.1.recipe: aws-sim is no recipe of the service; did",
        ),
        (
            "aws-sims",
            "aws-hrnn-coldstart",
            "11: dataset_groups.0.solutions.1.recipe: aws-hrnn-coldstart needs the",
        ),
        (
            "aws-sims",
            "aws-hrnn-metadata",
            "11: dataset_groups.0.solutions.1.recipe: aws-hrnn-metadata needs the dat",
        ),
        (
            "aws-sims",
            "aws-next-best-action",
            "11: dataset_groups.0.solutions.1.recipe: aws-next-best-action needs the dataset actions",
        ),
        (
            "aws-sims",
            "aws-item-affinity",
            "11: dataset_groups.0.solutions.1.recipe: aws-item-affinity segments",
        ),
        ("    role: Role\n", "    role: Role\n    schedule: 0 3 * *\n", "4: dataset_groups.0.schedule: '0 3"),
        (
            "sql/interactions.sql",
            "sql/nothing.sql",
            "6: dataset_groups.0.datasets.interactions.sql: there is no file",
        ),
        (
            "sql/interactions.sql}",
            "sql/interactions.sql, splits: 2, bounds_sql: sql/nothing.sql}",
            "6: dataset_groups.0.datasets.interactions.bounds_sql: there is no file",
        ),
        (
            "sql/interactions.sql}",
            "sql/interactions.sql, bounds_sql: sql/interactions.sql}",
            "6: dataset_groups.0.datasets.interactions.bounds_sql: is for `splits` of 2 or more",
        ),
        (
            "    solutions:",
            "      users: {schema: schemas/users.json, sql: sql/users.sql, splits: 2}\n    solutions:",
            "7: dataset_groups.0.datasets.users.splits: users are exported whole",
        ),
        (
            "    solutions:",
            "      items: {schema: schemas/items.json, sql: sql/items.sql, settle_minutes: 5}\n    solutions:",
            "7: dataset_groups.0.datasets.items.settle_minutes: items are exported whole",
        ),
        (
            "    solutions:",
            "      users: {schema: schemas/users.json, sql: sql/users.sql, reexport_days: 0}\n    solutions:",
            "7: dataset_groups.0.datasets.users.reexport_days: users are exported whole",
        ),
        (
            "name: related",
            "name: popular",
            "2: dataset_groups.0: Value error, solution named more than once: popular",
        ),
        (
            "aws-sims\n",
            "aws-sims\n        campaign: {name: popular}\n",
            "10: dataset_groups.0.solutions.1: its c",
        ),
        (
            "aws-sims\n",
            "aws-sims\n        gate: {baseline: related}\n",
            "12: dataset_groups.0.solutions.1.gate.bas",
        ),
        (
            "aws-sims\n",
            "aws-sims\n        gate: {worse_than_live: wait}\n",
            "12: dataset_groups.0.solutions.1.gate.wo",
        ),
        (
            "aws-sims\n",
            "aws-sims\n        gate: {metrics: {ndcg: {}}}\n",
            "12: dataset_groups.0.solutions.1.gate.metr",
        ),
        (
            "    role: Role\n",
            "    role: Role\n    notify: [{type: sms}]\n",
            "4: dataset_groups.0.notify.0: Input tag",
        ),
        (
            "    role: Role\n",
            "    role: Role\n    data_gate: {max_drop: 2}\n",
            "4: dataset_groups.0.data_gate.max_d",
        ),
        (
            "    role: Role\n",
            "    role: Role\n    filters: [{name: f, expression: ONLY x}]\n",
            "4: dataset_groups.0.f",
        ),
    ],
)
def test_a_problem_is_reported_with_its_line_and_key(problems, old, new, expected):  # noqa: F811
    assert any(line.startswith(expected) for line in problems(old, new)), problems(old, new)


def test_quotas_that_would_be_passed_are_refused_unless_they_were_raised(tmp_path, problems):  # noqa: F811
    more = "".join(f"      - {{name: s{number}, recipe: aws-sims}}\n" for number in range(4))
    (line,) = problems("aws-sims\n", f"aws-sims\n{more}")
    assert "6 campaigns, but the service's quota is 5" in line
    file = tmp_path / "raised.yaml"
    file.write_text(MINIMAL + more + "quotas: {campaigns: 6}\n")
    assert len(load_pipeline(file).dataset_groups[0].solutions) == 6
