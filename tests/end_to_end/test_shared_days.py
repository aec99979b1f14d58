"""Several tasks share each day of an export, through the real scheduler."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
import yaml

from tests.end_to_end.helpers import manifests
from tests.end_to_end.pipeline_stack import SHOP, PipelineStack, datasets, running_pipeline

SPLITS = 3
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
DAYS = [YESTERDAY - timedelta(days=back) for back in (2, 1, 0)]
INTERACTIONS = datasets("interactions")["interactions"]
PIPELINE: dict[str, Any] = {
    "dataset_groups": [
        {
            **SHOP,
            "datasets": {"interactions": {**INTERACTIONS, "splits": SPLITS}},
            "solutions": [{"name": "popular", "recipe": "aws-popularity-count"}],
        },
    ]
}
ROWS = """
SELECT count(*) FROM (SELECT DISTINCT customer_id, product_id, kind, stars, happened_at FROM events
  WHERE customer_id IS NOT NULL AND product_id IS NOT NULL AND (happened_at AT TIME ZONE 'UTC')::date = %s) AS sound
"""


@pytest.fixture(scope="module")
def pipeline() -> Iterator[PipelineStack]:
    with running_pipeline(PIPELINE) as pipeline:
        yield pipeline


def rows(pipeline: PipelineStack, day: Any) -> int:
    with psycopg2.connect(pipeline.database) as connection, connection.cursor() as cursor:
        cursor.execute(ROWS, [day])
        return cursor.fetchone()[0]


def test_each_slice_is_a_task_and_together_they_are_the_days(pipeline):
    run = pipeline.run("export_interactions", {"from_date": str(DAYS[0]), "to_date": str(DAYS[-1])})
    assert run["state"] == "success", run
    slices = {task: state for task, state in run["tasks"].items() if task.startswith("export[")}
    assert slices == {f"export[{n}]": "success" for n in range(SPLITS * len(DAYS))}
    result = {day: json.loads(text) for day, text in manifests(pipeline.aws("s3")).items()}
    assert sorted(result) == [str(day) for day in DAYS]
    for day in DAYS:
        files = result[str(day)]["files"]
        assert len(files) == SPLITS
        assert sum(file["rows"] for file in files) == rows(pipeline, day) > 0


def test_a_run_waits_deferred_until_its_day_has_settled(pipeline):
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    settles = now + timedelta(seconds=45)
    (group,) = PIPELINE["dataset_groups"]
    minutes = (settles - midnight).total_seconds() / 60
    changed = {**group["datasets"]["interactions"], "settle_minutes": minutes, "reexport_days": 1}
    pipeline.file.write_text(
        yaml.safe_dump({"dataset_groups": [{**group, "datasets": {"interactions": changed}}]})
    )

    run = pipeline.run("export_interactions")

    assert run["state"] == "success", run
    assert "The run's day is exported at" in pipeline.log(
        "export_interactions", run["dag_run_id"], "select_days"
    )
    read = {day: json.loads(text)["read_at"] for day, text in manifests(pipeline.aws("s3")).items()}
    late = [day for day, instant in read.items() if datetime.fromisoformat(instant) >= settles]
    assert sorted(late) == [str(day) for day in DAYS[-2:]]
