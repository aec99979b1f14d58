"""How resources are created and begun, and which quotas hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize.protocol.errors import (
    InUseError,
    InvalidInputError,
    LimitExceededError,
    TooManyTagsError,
)
from localpersonalize.quotas import Quotas
from localpersonalize.resource_types import DATASET_GROUP
from localpersonalize.resources import lifecycle
from tests.support.localpersonalize.in_process import InProcessService


def test_a_resource_comes_with_its_tags_and_its_job(service: InProcessService) -> None:
    arn = service.group(tags=[{"tagKey": "team", "tagValue": "shop"}])
    assert service.queue.submitted == [("become active", arn)]
    assert service.context.database.tags(arn) == [{"tagKey": "team", "tagValue": "shop"}]


def test_too_many_tags_leave_nothing(service: InProcessService) -> None:
    tags = [{"tagKey": str(number), "tagValue": ""} for number in range(lifecycle.MAX_TAGS + 1)]
    with pytest.raises(TooManyTagsError):
        service.group(tags=tags)
    assert service.context.resources.all(DATASET_GROUP) == []


def test_a_job_begins_what_is_pending_or_was_cut_off_and_nothing_else(service: InProcessService) -> None:
    arn = service.create("DatasetGroup", active=False, name="shop")
    for _ in range(2):
        begun = lifecycle.begin(service.context, DATASET_GROUP, arn)
        assert begun is not None
        assert begun["status"] == "CREATE IN_PROGRESS"
    service.context.database.change(arn, status="ACTIVE")
    assert lifecycle.begin(service.context, DATASET_GROUP, arn) is None
    assert lifecycle.begin(service.context, DATASET_GROUP, "arn:none") is None


@pytest.mark.parametrize(
    ("status", "error"),
    [("CREATE FAILED", InvalidInputError), ("CREATE PENDING", InUseError), ("DELETE PENDING", InUseError)],
)
def test_what_is_not_active_is_refused_with_its_status(status: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"The thing .*{status}"):
        lifecycle.require_active({"status": status}, "The thing")


def test_an_account_has_as_many_as_its_quota_says(tmp_path: Path) -> None:
    service = InProcessService(tmp_path, Quotas(total={"DatasetGroup": 1}))
    service.group("one")
    with pytest.raises(LimitExceededError, match="at most 1"):
        service.group("two")
