"""Jobs: how their operators go about a service that refuses, is full, or has failed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from botocore.exceptions import ClientError

from airflow_personalize.exceptions import PersonalizeError
from airflow_personalize.operators.batch_inference_job import PersonalizeCreateBatchInferenceJobOperator
from airflow_personalize.operators.batch_segment_job import PersonalizeCreateBatchSegmentJobOperator
from airflow_personalize.operators.data_deletion_job import PersonalizeCreateDataDeletionJobOperator
from airflow_personalize.operators.dataset_export_job import PersonalizeCreateDatasetExportJobOperator
from airflow_personalize.operators.job_base import STARTED_KEY
from airflow_personalize.operators.solution_version import PersonalizeCreateSolutionVersionOperator
from airflow_personalize.triggers import PersonalizePauseTrigger
from tests.support.operator_runs import Task
from tests.support.stub_client import ARN, ROLE, NotFound, client, refusal

__all__ = ["client"]


def job(name: str, **arguments: Any) -> Any:
    wait = {"deferrable": False, "waiter_delay": 0.01, **arguments}
    return {
        "export": lambda: PersonalizeCreateDatasetExportJobOperator(
            task_id="t",
            dataset_arn=f"{ARN}dataset/g/ITEMS",
            output_location="s3://b/o/",
            role_arn=ROLE,
            **wait,
        ),
        "batch": lambda: PersonalizeCreateBatchInferenceJobOperator(
            task_id="t",
            solution_version_arn=f"{ARN}solution/s/1",
            input_location="s3://b/i.json",
            output_location="s3://b/o/",
            role_arn=ROLE,
            num_results=5,
            **wait,
        ),
        "segment": lambda: PersonalizeCreateBatchSegmentJobOperator(
            task_id="t",
            solution_version_arn=f"{ARN}solution/s/1",
            input_location="s3://b/i.json",
            output_location="s3://b/o/",
            role_arn=ROLE,
            **wait,
        ),
        "forget": lambda: PersonalizeCreateDataDeletionJobOperator(
            task_id="t",
            dataset_group_arn=f"{ARN}dataset-group/g",
            data_location="s3://b/u.csv",
            role_arn=ROLE,
            **wait,
        ),
        "train": lambda: PersonalizeCreateSolutionVersionOperator(
            task_id="t", solution_arn=f"{ARN}solution/s", **wait
        ),
    }[name]()


JOBS = [
    ("export", "dataset_export_job", "datasetExportJob", "dataset-export-job", "ACTIVE"),
    ("batch", "batch_inference_job", "batchInferenceJob", "batch-inference-job", "ACTIVE"),
    ("segment", "batch_segment_job", "batchSegmentJob", "batch-segment-job", "ACTIVE"),
    ("forget", "data_deletion_job", "dataDeletionJob", "data-deletion-job", "COMPLETED"),
]


@pytest.mark.parametrize(("name", "kind", "key", "noun", "done"), JOBS)
def test_a_job_is_started_under_the_name_of_its_task_and_waited_for(client, name, kind, key, noun, done):
    getattr(client, f"create_{kind}").return_value = {f"{key}Arn": f"{ARN}{noun}/x"}
    getattr(client, f"describe_{kind}").return_value = {key: {"status": done}}
    assert Task("t").run(job(name)) == f"{ARN}{noun}/x"
    assert (
        getattr(client, f"create_{kind}")
        .call_args.kwargs["jobName"]
        .startswith("t-scheduled-20260301T030000-")
    )


@pytest.mark.parametrize(("name", "kind", "key", "noun", "done"), JOBS)
def test_a_second_try_attaches_to_the_job_of_the_first(client, name, kind, key, noun, done):
    getattr(client, f"describe_{kind}").return_value = {key: {"status": done}}
    task = Task("t")
    task.ti.try_number = 1
    assert task.run(job(name)).startswith(f"{ARN}{noun}/t-scheduled-")
    getattr(client, f"create_{kind}").assert_not_called()


def test_a_full_quota_is_waited_for_in_the_triggerer(client):
    client.create_solution_version.side_effect = refusal("LimitExceededException", "More than 20 resources")
    with pytest.raises(TaskDeferred) as deferred:
        job("train", deferrable=True, waiter_delay=60).execute({**Task("t").context, "event": None})
    assert isinstance(deferred.value.trigger, PersonalizePauseTrigger)
    assert deferred.value.method_name == "execute"


def test_a_place_that_becomes_free_is_taken(client):
    full = refusal("LimitExceededException")
    client.create_solution_version.side_effect = [full, full, {"solutionVersionArn": f"{ARN}solution/s/1"}]
    client.describe_solution_version.return_value = {"solutionVersion": {"status": "ACTIVE"}}
    client.get_paginator.return_value.paginate.return_value = [{"solutionVersions": []}]
    assert Task("t").run(job("train")) == f"{ARN}solution/s/1"


def test_a_quota_that_stays_full_fails_in_the_end_with_the_service_s_words(client):
    client.create_solution_version.side_effect = refusal("LimitExceededException", "More than 20 resources")
    client.get_paginator.return_value.paginate.return_value = [{"solutionVersions": []}]
    with pytest.raises(ClientError, match="More than 20 resources"):
        Task("t").run(job("train", waiter_max_attempts=3))
    assert client.create_solution_version.call_count == 4


def test_a_quota_can_stay_full_for_hours_in_a_worker_too(client):
    """More waits than Python's stack has room for."""
    full = [refusal("LimitExceededException")] * 700
    assert len(full) * 3 > sys.getrecursionlimit()
    client.create_dataset_export_job.side_effect = [
        *full,
        {"datasetExportJobArn": f"{ARN}dataset-export-job/j"},
    ]
    client.describe_dataset_export_job.side_effect = [NotFound()] * len(full) + [
        {"datasetExportJob": {"status": "ACTIVE"}}
    ] * 9
    assert Task("t").run(job("export"))


def test_a_wrong_request_is_not_tried_again(client):
    client.create_solution_version.side_effect = refusal("InvalidInputException", "This recipe is legacy.")
    with pytest.raises(AirflowFailException, match=r"This recipe is legacy\. -> AWS no longer trains"):
        Task("t").run(job("train"))


def test_a_failure_that_nobody_knows_can_be_tried_again_and_one_for_a_person_cannot(client):
    client.create_solution_version.return_value = {"solutionVersionArn": f"{ARN}solution/s/1"}
    failed = {"status": "CREATE FAILED", "failureReason": "An internal error occurred."}
    client.describe_solution_version.return_value = {"solutionVersion": failed}
    with pytest.raises(PersonalizeError, match="internal error"):
        Task("t").run(job("train"))
    failed["failureReason"] = "There are fewer than 1000 interactions."
    with pytest.raises(AirflowFailException, match="at least 1,000 interactions of 25 users"):
        Task("t").run(job("train"))


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize(("name", "kind", "key", "noun", "done"), JOBS)
def test_a_job_that_is_not_visible_yet_is_waited_for(client, name, kind, key, noun, done, deferrable):
    """Right after its creation a job may not be found: neither a failure, nor a reason to start another."""
    getattr(client, f"create_{kind}").return_value = {f"{key}Arn": f"{ARN}{noun}/x"}
    result = {key: {"status": done}}
    getattr(client, f"describe_{kind}").side_effect = [*[NotFound()] * 5, result, result]
    assert Task("t").run(job(name, deferrable=deferrable)) == f"{ARN}{noun}/x"
    assert getattr(client, f"create_{kind}").call_count == 1


@pytest.mark.parametrize(("name", "kind", "key", "noun", "done"), JOBS)
def test_the_next_try_does_not_take_a_job_that_is_not_visible_yet_for_deleted(
    client, name, kind, key, noun, done
):
    getattr(client, f"create_{kind}").return_value = {f"{key}Arn": f"{ARN}{noun}/x"}
    describe = getattr(client, f"describe_{kind}")
    task = Task("t")
    describe.side_effect = KeyboardInterrupt  # the worker dies right after Create
    with pytest.raises(KeyboardInterrupt):
        task.run(job(name))
    describe.side_effect = [*[NotFound()] * 3, {key: {"status": done}}, {key: {"status": done}}]
    assert task.run(job(name)) == f"{ARN}{noun}/x"
    assert getattr(client, f"create_{kind}").call_count == 1


@pytest.mark.parametrize(("name", "kind", "key", "noun", "done"), JOBS)
def test_a_job_that_was_deleted_is_started_again(client, monkeypatch, name, kind, key, noun, done):
    getattr(client, f"create_{kind}").return_value = {f"{key}Arn": f"{ARN}{noun}/x"}
    describe = getattr(client, f"describe_{kind}")
    task = Task("t")
    describe.side_effect = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        task.run(job(name))
    task.store[STARTED_KEY]["at"] -= 3600
    describe.side_effect = [*[NotFound()] * 2, *[{key: {"status": done}}] * 3]
    task.run(job(name))
    assert getattr(client, f"create_{kind}").call_count == 2


@pytest.mark.parametrize("name", ["export", "batch", "segment", "forget", "train"])
def test_what_earlier_jobs_took_is_what_a_wait_is_compared_with(client, name):
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    entries = [
        {
            "status": status,
            "creationDateTime": begin + timedelta(days=day),
            "lastUpdatedDateTime": begin + timedelta(days=day, seconds=seconds),
        }
        for day, (status, seconds) in enumerate(
            [("ACTIVE", 9_000), *[("ACTIVE", 50)] * 2, ("CREATE FAILED", 1), *[("ACTIVE", 60)] * 3]
        )
    ]
    client.get_paginator.return_value.paginate.return_value = [{"jobs": entries}]
    operator = job(name)
    assert operator.usual_seconds() == 60
    (listed,) = client.get_paginator.call_args.args
    assert listed == f"list_{operator.kind}s"
    (argument,) = client.get_paginator.return_value.paginate.call_args.kwargs.values()
    assert argument == getattr(operator, operator.subject[0])
    client.get_paginator.return_value.paginate.return_value = [{"jobs": []}]
    assert operator.usual_seconds() is None
    client.get_paginator.return_value.paginate.side_effect = refusal("AccessDeniedException", status=403)
    assert operator.usual_seconds() is None
