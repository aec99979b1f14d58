"""The clean-up against a real service: it says first, and removes only what it may."""

from __future__ import annotations

from datetime import timedelta

from encore.config.models import DatasetGroup
from encore.config.policies import Retention
from encore.operators.cleanup import PersonalizeCleanUpOperator
from encore.retention import tags
from tests.support.operator_runs import BUCKET, Task, connection

SCHEMA_OF_USERS = (
    '{"type": "record", "name": "Users", "namespace": "com.amazonaws.personalize.schema", "version": "1.0",'
    ' "fields": [{"name": "user_id", "type": "string"}, {"name": "segment", "type": "string", "categorical": true}]}'
)


def test_the_clean_up_says_first_and_then_removes_only_what_it_may(service, operated, monkeypatch):
    s3, personalize = service.client("s3"), service.client("personalize")
    s3.put_object(Bucket=BUCKET, Key="cleaned/interactions/dt=2020-01-01/x/part-00000.csv", Body=b"user_id\n")
    s3.put_object(Bucket=BUCKET, Key="cleaned/history/solution_versions/x.parquet", Body=b"")
    theirs = personalize.create_solution(
        name="theirs",
        datasetGroupArn=operated.group(),
        recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
    )["solutionArn"]
    unused = personalize.create_schema(name="operated-users-0123456789ab", schema=SCHEMA_OF_USERS)[
        "schemaArn"
    ]

    def clean(**choices):
        group = {
            "name": "operated",
            "role": "R",
            "bucket": BUCKET,
            "prefix": "cleaned",
            "datasets": {kind: {"schema": "x", "sql": "x"} for kind in ("interactions", "users")},
            "solutions": [{"name": "another", "recipe": "aws-sims"}],
            "retention": {"partitions": 30},
        }
        operator = PersonalizeCleanUpOperator(task_id="clean_up", group=group, waiter_delay=0.3, **choices)
        return {why: entry["count"] for why, entry in Task().run(operator).items()}

    assert clean(preview=True) == {"a day more than 30 days ago": 1}  # the schema is new
    monkeypatch.setattr("encore.retention.NEW_SCHEMA", timedelta(0))
    expected = {"a day more than 30 days ago": 1, "a schema that no dataset uses": 1}
    unlisted = {"made by Encore, and no longer in the pipeline file": 2}
    assert clean(preview=True, remove_unlisted=True) == {**expected, **unlisted}
    assert clean(preview=True) == expected
    assert clean(remove_unlisted=True) == {**expected, **unlisted}
    left = [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET, Prefix="cleaned/")["Contents"]]
    assert left == ["cleaned/history/solution_versions/x.parquet"]
    solutions = personalize.list_solutions(datasetGroupArn=operated.group())["solutions"]
    assert [one["solutionArn"] for one in solutions] == [theirs]
    assert unused not in [one["schemaArn"] for one in personalize.list_schemas()["schemas"]]


def test_what_a_running_batch_job_reads_and_a_jobs_own_solution_stay(service, operated, monkeypatch):
    personalize = service.client("personalize")
    group = {
        "name": "operated",
        "role": "R",
        "bucket": BUCKET,
        "prefix": "cleaned",
        "datasets": {"interactions": {"schema": "x", "sql": "x"}},
        "solutions": [{"name": "another", "recipe": "aws-sims"}],
        "batch": {"jobs": [{"name": "own", "recipe": "aws-sims"}]},
    }
    personalize.create_solution(
        name="own",
        datasetGroupArn=operated.group(),
        recipeArn="arn:aws:personalize:::recipe/aws-sims",
        tags=tags("operated"),
    )
    operator = PersonalizeCleanUpOperator(
        task_id="clean_up", group=group, preview=True, remove_unlisted=True, waiter_delay=0.3
    )
    location = f"s3://{BUCKET}/cleaned/batch/mail/1"
    monkeypatch.setattr(
        operator,
        "_list",
        lambda plural, **_: {
            "batch_inference_jobs": [
                {"status": "CREATE IN_PROGRESS", "batchInferenceJobArn": "arn"},
                {"status": "ACTIVE", "batchInferenceJobArn": "done"},
            ],
        }.get(plural, []),
    )
    description = {
        "jobInput": {"s3DataSource": {"path": f"{location}/input/"}},
        "jobOutput": {"s3DataDestination": {"path": f"{location}/output/"}},
    }
    monkeypatch.setattr(
        operator, "describe", lambda kind, batchInferenceJobArn: {"arn": description}[batchInferenceJobArn]
    )
    assert operator._being_read("group", f"s3://{BUCKET}/cleaned/") == [
        "batch/mail/1/input/",
        "batch/mail/1/output/",
    ]
    monkeypatch.undo()
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(service.address))
    gone = operator._resources(
        DatasetGroup.model_validate(group), Retention(remove_unlisted=True), operated.group()
    )
    assert not [removal for removal in gone if removal.what.endswith("/own")]
