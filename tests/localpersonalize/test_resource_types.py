"""The kinds of resources: their names and states."""

from __future__ import annotations

from localpersonalize.resource_types import DATASET_IMPORT_JOB, FILTER, STATUS_AFTER_FAILURE


def test_members_of_answers_follow_from_the_name() -> None:
    assert DATASET_IMPORT_JOB.member == "datasetImportJob"
    assert DATASET_IMPORT_JOB.arn_member == "datasetImportJobArn"
    assert DATASET_IMPORT_JOB.list_member == "datasetImportJobs"
    assert FILTER.list_member == "Filters"


def test_what_serves_does_not_fail_with_its_update() -> None:
    assert "ACTIVE" not in STATUS_AFTER_FAILURE
