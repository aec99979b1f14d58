"""Tags."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import NotFoundError, TooManyTagsError
from tests.support.localpersonalize.contexts import Desk


def test_tags_are_set_listed_and_removed(desk: Desk) -> None:
    arn = desk.group()
    desk.call("TagResource", resourceArn=arn, tags=[{"tagKey": "a", "tagValue": "1"}])
    desk.call("TagResource", resourceArn=arn, tags=[{"tagKey": "a", "tagValue": "2"}])
    assert desk.call("ListTagsForResource", resourceArn=arn)["tags"] == [{"tagKey": "a", "tagValue": "2"}]
    desk.call("UntagResource", resourceArn=arn, tagKeys=["a"])
    assert desk.call("ListTagsForResource", resourceArn=arn)["tags"] == []


def test_a_resource_has_fifty_at_most(desk: Desk) -> None:
    arn = desk.group()
    desk.call("TagResource", resourceArn=arn, tags=[{"tagKey": str(n), "tagValue": ""} for n in range(50)])
    with pytest.raises(TooManyTagsError):
        desk.call("TagResource", resourceArn=arn, tags=[{"tagKey": "more", "tagValue": ""}])


def test_tags_of_nothing(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.call("ListTagsForResource", resourceArn="arn:none")
