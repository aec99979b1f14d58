"""Imports: the next attempt only after a failure, and a failure that says what to do."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.exceptions import PersonalizeError
from tests.support.operator_runs import BUCKET, Task
from tests.support.personalize_service import interactions


def test_the_next_attempt_is_made_only_after_a_failure(service, trained):
    task, s3 = Task("import"), service.client("s3")
    s3.put_object(Bucket=BUCKET, Key="mended/part-0.csv", Body=b"user_id,item_id\n1,2\n")
    with pytest.raises(AirflowFailException, match="export it again"):
        task.run(trained.import_("mended/"))
    s3.put_object(Bucket=BUCKET, Key="mended/part-0.csv", Body=interactions().encode())
    good = task.run(trained.import_("mended/"))
    assert good.endswith("-a2")
    assert task.run(trained.import_("mended/")) == good


def test_a_task_that_is_cleared_to_do_something_else_does_not_find_its_earlier_job(service, trained):
    task = Task("import_elsewhere")
    operator = trained.import_(wait_for_completion=False)
    first = task.run(operator)
    service.client("s3").put_object(Bucket=BUCKET, Key="other/part-0.csv", Body=interactions().encode())
    assert task.run(trained.import_("other/")) != first


def test_a_failed_import_says_which_job_why_and_what_to_do(service, trained):
    with pytest.raises(AirflowFailException) as failure:
        Task("import_broken").run(trained.import_("broken/"))
    assert "dataset-import-job/import_broken" in str(failure.value)
    assert "CREATE FAILED" in str(failure.value)


def test_a_failed_wait_fails_whether_deferred_or_not(service, trained):
    operator = trained.import_("broken/")
    operator.deferrable = False
    with pytest.raises((AirflowFailException, PersonalizeError)):
        Task("import_not_deferred").run(operator)
