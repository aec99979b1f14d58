"""Tags on resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.protocol.errors import NotFoundError, TooManyTagKeysError, TooManyTagsError
from localpersonalize.resources.lifecycle import MAX_TAGS
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.service import Service


@operation("ListTagsForResource")
def list_tags(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    return {"tags": service.store.tags(_existing(service, params["resourceArn"]))}


@operation("TagResource")
def tag(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    arn = _existing(service, params["resourceArn"])
    keys = {entry["tagKey"] for entry in [*service.store.tags(arn), *params["tags"]]}
    if len(keys) > MAX_TAGS:
        raise TooManyTagsError(f"A resource can have at most {MAX_TAGS} tags.")
    service.store.set_tags(arn, params["tags"])
    return {}


@operation("UntagResource")
def untag(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    arn = _existing(service, params["resourceArn"])
    if len(params["tagKeys"]) > MAX_TAGS:
        raise TooManyTagKeysError(f"At most {MAX_TAGS} tag keys can be removed at a time.")
    service.store.remove_tags(arn, params["tagKeys"])
    return {}


def _existing(service: Service, arn: str) -> str:
    if service.store.get(arn) is None:
        raise NotFoundError(f"Could not find a resource with Amazon Resource Name {arn}.")
    return arn
