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
from tests.support.localpersonalize.contexts import Desk


def test_a_resource_comes_with_its_tags_and_its_job(desk: Desk) -> None:
    arn = desk.group(tags=[{"tagKey": "team", "tagValue": "shop"}])
    assert desk.queue.submitted == [("become active", arn)]
    assert desk.context.database.tags(arn) == [{"tagKey": "team", "tagValue": "shop"}]


def test_too_many_tags_leave_nothing(desk: Desk) -> None:
    tags = [{"tagKey": str(number), "tagValue": ""} for number in range(lifecycle.MAX_TAGS + 1)]
    with pytest.raises(TooManyTagsError):
        desk.group(tags=tags)
    assert desk.context.resources.all(DATASET_GROUP) == []


def test_a_job_begins_what_is_pending_or_was_cut_off_and_nothing_else(desk: Desk) -> None:
    arn = desk.create("DatasetGroup", active=False, name="shop")
    for _ in range(2):
        begun = lifecycle.begin(desk.context, DATASET_GROUP, arn)
        assert begun is not None
        assert begun["status"] == "CREATE IN_PROGRESS"
    desk.context.database.change(arn, status="ACTIVE")
    assert lifecycle.begin(desk.context, DATASET_GROUP, arn) is None
    assert lifecycle.begin(desk.context, DATASET_GROUP, "arn:none") is None


@pytest.mark.parametrize(
    ("status", "error"),
    [("CREATE FAILED", InvalidInputError), ("CREATE PENDING", InUseError), ("DELETE PENDING", InUseError)],
)
def test_what_is_not_active_is_refused_with_its_status(status: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"The thing .*{status}"):
        lifecycle.require_active({"status": status}, "The thing")


def test_an_account_has_as_many_as_its_quota_says(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Quotas(total={"DatasetGroup": 1}))
    desk.group("one")
    with pytest.raises(LimitExceededError, match="at most 1"):
        desk.group("two")
