"""Tags."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import NotFoundError, TooManyTagsError
from tests.support.localpersonalize.in_process import InProcessService


def test_tags_are_set_listed_and_removed(service: InProcessService) -> None:
    arn = service.group()
    service.call("TagResource", resourceArn=arn, tags=[{"tagKey": "a", "tagValue": "1"}])
    service.call("TagResource", resourceArn=arn, tags=[{"tagKey": "a", "tagValue": "2"}])
    assert service.call("ListTagsForResource", resourceArn=arn)["tags"] == [{"tagKey": "a", "tagValue": "2"}]
    service.call("UntagResource", resourceArn=arn, tagKeys=["a"])
    assert service.call("ListTagsForResource", resourceArn=arn)["tags"] == []


def test_a_resource_has_fifty_at_most(service: InProcessService) -> None:
    arn = service.group()
    service.call("TagResource", resourceArn=arn, tags=[{"tagKey": str(n), "tagValue": ""} for n in range(50)])
    with pytest.raises(TooManyTagsError):
        service.call("TagResource", resourceArn=arn, tags=[{"tagKey": "more", "tagValue": ""}])


def test_tags_of_nothing(service: InProcessService) -> None:
    with pytest.raises(NotFoundError):
        service.call("ListTagsForResource", resourceArn="arn:none")
