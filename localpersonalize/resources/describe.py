"""Describe and List, which are the same for every kind: members that a shape lacks don't reach the wire."""

from __future__ import annotations

from localpersonalize.protocol.paging import page
from localpersonalize.resource_types import Resource, ResourceKind
from localpersonalize.resources.context import Answer, Context, Params


def describe(kind: ResourceKind[Resource], context: Context, params: Params) -> Answer:
    return {kind.member: context.resources.require(kind, params[kind.arn_member])}


def list_all(kind: ResourceKind[Resource], context: Context, params: Params) -> Answer:
    parent = params.get(kind.parent_member) if kind.parent_member else None
    resources, token = page(context.resources.all(kind, parent), params)
    return {kind.list_member: resources, "nextToken": token}
