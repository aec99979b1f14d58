"""Tags on resources."""

from __future__ import annotations

from localpersonalize.protocol.errors import NotFoundError, TooManyTagKeysError, TooManyTagsError
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.lifecycle import MAX_TAGS


def list_tags(context: Context, params: Params) -> Answer:
    return {"tags": context.database.tags(_existing(context, params["resourceArn"]))}


def tag(context: Context, params: Params) -> Answer:
    arn = _existing(context, params["resourceArn"])
    keys = {entry["tagKey"] for entry in [*context.database.tags(arn), *params["tags"]]}
    if len(keys) > MAX_TAGS:
        raise TooManyTagsError(f"A resource can have at most {MAX_TAGS} tags.")
    context.database.set_tags(arn, params["tags"])
    return {}


def untag(context: Context, params: Params) -> Answer:
    arn = _existing(context, params["resourceArn"])
    if len(params["tagKeys"]) > MAX_TAGS:
        raise TooManyTagKeysError(f"At most {MAX_TAGS} tag keys can be removed at a time.")
    context.database.remove_tags(arn, params["tagKeys"])
    return {}


def _existing(context: Context, arn: str) -> str:
    if not context.resources.exists(arn):
        raise NotFoundError(f"Could not find a resource with Amazon Resource Name {arn}.")
    return arn
