"""What a dry run of batch jobs says."""

from __future__ import annotations

from encore.operators.batch_dry_run import PersonalizeBatchDryRunOperator
from tests.support.batch_jobs import resources, shop  # noqa: F401
from tests.support.operator_runs import BUCKET, ROLE


def test_a_dry_run_says_what_would_be_asked_and_writes_nothing(service, resources, shop):  # noqa: F811
    s3 = service.client("s3")
    before = s3.list_objects_v2(Bucket=BUCKET)["KeyCount"]
    group = {
        "name": "asked",
        "role": ROLE,
        "bucket": BUCKET,
        "prefix": "asked",
        "product_db": "shop",
        "datasets": {"interactions": {"schema": "x", "sql": "x"}},
        "solutions": [{"name": "asked", "recipe": "aws-popularity-count"}],
        "batch": {
            "jobs": [
                {"name": "mail", "solution": "asked", "table": "for_you"},
                {"name": "fans", "kind": "segments", "recipe": "aws-item-affinity"},
            ]
        },
    }

    def preview(batches, train):
        operator = PersonalizeBatchDryRunOperator(
            task_id="dry_run",
            group=group,
            queries={"mail": "SELECT id AS user_id FROM people", "fans": "SELECT id AS user_id FROM people"},
            batches=batches,
            train=train,
        )
        return operator.execute({})

    result = preview(["mail", "fans"], train=True)
    text = "\n".join(result["lines"])
    assert result["input_lines"] == {"mail": 2, "fans": None}
    assert "has no column item_id" in text
    assert "would train solution fans (aws-item-affinity)" in text
    assert "replace the rows of table for_you" in text
    result = preview(["fans"], train=False)
    assert "solution fans is not there yet" in "\n".join(result["lines"])
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == before
