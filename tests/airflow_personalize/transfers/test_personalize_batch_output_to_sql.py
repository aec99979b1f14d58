"""A batch job from the product database and back into it, against a real service."""

from __future__ import annotations

import json

import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.operators.batch_inference_job import PersonalizeCreateBatchInferenceJobOperator
from tests.support.batch_jobs import load_answers, resources, shop, write_input  # noqa: F401
from tests.support.operator_runs import BUCKET, ROLE, Task
from tests.support.resources import WAIT


def test_users_of_the_database_get_their_recommendations_as_rows(service, resources, shop):  # noqa: F811
    batch_input = write_input()
    assert (batch_input["lines"], batch_input["skipped"]) == (2, 1)
    Task("job").run(
        PersonalizeCreateBatchInferenceJobOperator(
            task_id="job",
            solution_version_arn=resources.versions[1],
            input_location=batch_input["input"],
            output_location=batch_input["output"],
            role_arn=ROLE,
            num_results=4,
            **WAIT,
        )
    )
    outlet = Asset(name="mail", uri=f"s3://{BUCKET}/asked/batch/mail/")
    for _ in range(2):  # a retry gives the same table
        summary, events = load_answers(batch_input, [outlet])
        assert summary["answered"] == 2
        assert events[outlet].extra == summary
        result = shop("SELECT user_id, count(*), min(position), max(position) FROM for_you GROUP BY user_id")
        assert result == [("u1", 4, 1, 4), ("u2", 4, 1, 4)]


def test_too_many_lines_without_an_answer_leave_the_table_as_it_was(service, shop):  # noqa: F811
    batch_input = write_input()
    line = {"input": {"userId": "u1"}, "output": {"recommendedItems": ["i1"]}, "error": None}
    bucket, _, prefix = batch_input["output"].removeprefix("s3://").partition("/")
    service.client("s3").put_object(
        Bucket=bucket, Key=f"{prefix}part-00000.json.out", Body=json.dumps(line).encode()
    )
    load_answers(batch_input, error_limit=0.5)
    line["output"]["recommendedItems"] = ["i2"]
    service.client("s3").put_object(
        Bucket=bucket, Key=f"{prefix}part-00000.json.out", Body=json.dumps(line).encode()
    )
    with pytest.raises(AirflowFailException, match="1 of 2 lines have no answer"):
        load_answers(batch_input, error_limit=0.4)
    assert shop("SELECT item_id FROM for_you") == [("i1",)]
