"""PutEvents, PutItems, PutUsers, PutActions and PutActionInteractions: on disk before they are answered,
and known to the campaigns in memory before the next request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localpersonalize.datasets.events import Row, event_row, property_row, record_row
from localpersonalize.datasets.property_values import check_unicode
from localpersonalize.datasets.schemas import Field, columns_of
from localpersonalize.protocol.errors import InvalidInputError, NotFoundError
from localpersonalize.resource_types import ACTIVE, DATASET, EVENT_TRACKER, SCHEMA, Dataset, EventTracker
from localpersonalize.resources.attribution_reports import measure_events
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.runtime.adapters import streamed_event
from localpersonalize.runtime.deployment import actions_of


def put_events(context: Context, params: Params) -> Answer:
    group_arn = _tracker(context, params["trackingId"])["datasetGroupArn"]
    dataset = _dataset_of(context, group_arn, "INTERACTIONS")
    fields = _fields(context, dataset)
    impressions = [_impression(context, event) for event in params["eventList"]]
    rows = [
        event_row(event, params.get("userId"), params["sessionId"], fields, items)
        for event, items in zip(params["eventList"], impressions, strict=True)
    ]
    context.database.add_events(dataset["datasetArn"], rows)
    context.engine.put_events(group_arn, [streamed_event(row) for row in rows], impressions)
    measure_events(context, group_arn, rows)
    return {}


def put_items(context: Context, params: Params) -> Answer:
    dataset, rows = _put(context, params, "ITEMS", "items")
    context.engine.put_items(dataset["datasetGroupArn"], rows)
    return {}


def put_users(context: Context, params: Params) -> Answer:
    dataset, rows = _put(context, params, "USERS", "users")
    context.engine.put_users(dataset["datasetGroupArn"], rows)
    return {}


def put_actions(context: Context, params: Params) -> Answer:
    dataset, rows = _put(context, params, "ACTIONS", "actions")
    as_items = [
        {"ITEM_ID" if name == "ACTION_ID" else name: value for name, value in row.items()} for row in rows
    ]
    context.engine.put_items(actions_of(dataset["datasetGroupArn"]), as_items)
    return {}


def put_action_interactions(context: Context, params: Params) -> Answer:
    tracked = [
        dataset
        for dataset in context.resources.all(DATASET)
        if dataset.get("trackingId") == params["trackingId"]
    ]
    if not tracked:
        raise NotFoundError(f"Could not find a dataset with tracking ID {params['trackingId']}.", status=404)
    rows: list[Row] = []
    fields = _fields(context, tracked[0])
    for event in params["actionInteractions"]:
        label = f"action interaction {len(rows) + 1}"
        row = {
            **property_row(event.get("properties"), fields, label),
            "USER_ID": event.get("userId") or event["sessionId"],
            "ACTION_ID": event["actionId"],
            "TIMESTAMP": int(event["timestamp"].timestamp()),
            "EVENT_TYPE": event["eventType"],
            "SESSION_ID": event["sessionId"],
            "EVENT_ID": event.get("eventId"),
            "RECOMMENDATION_ID": event.get("recommendationId"),
            "IMPRESSION": "|".join(event.get("impression") or ()) or None,
        }
        row = {name: value for name, value in row.items() if value is not None}
        check_unicode(row, label)
        rows.append(row)
    context.database.add_events(tracked[0]["datasetArn"], rows)
    events = [streamed_event(row) for row in rows]
    context.engine.put_events(actions_of(tracked[0]["datasetGroupArn"]), events)
    return {}


def _tracker(context: Context, tracking_id: str) -> EventTracker:
    for tracker in context.resources.all(EVENT_TRACKER):
        if tracker["trackingId"] == tracking_id:
            if tracker["status"] != ACTIVE:
                raise InvalidInputError(
                    f"The event tracker is not ACTIVE; its status is {tracker['status']}."
                )
            return tracker
    raise InvalidInputError(f"Could not find an event tracker with tracking ID {tracking_id}.")


def _dataset_of(context: Context, group_arn: str, dataset_type: str) -> Dataset:
    for dataset in context.resources.all(DATASET, group_arn):
        if dataset["datasetType"] == dataset_type:
            return dataset
    raise InvalidInputError(f"The dataset group {group_arn} has no dataset of type {dataset_type}.")


def _put(context: Context, params: Params, dataset_type: str, member: str) -> tuple[Dataset, list[Row]]:
    """Keep the records of a request; the dataset and its new rows."""
    dataset = context.resources.find(DATASET, params["datasetArn"])
    if dataset is None:
        raise NotFoundError(f"Could not find dataset {params['datasetArn']}.", status=404)
    if dataset["datasetType"] != dataset_type:
        raise InvalidInputError(
            f"{params['datasetArn']} is of type {dataset['datasetType']}, not {dataset_type}."
        )
    fields = _fields(context, dataset)
    stem = member[:-1]
    column = f"{stem.upper()}_ID"
    rows = [
        record_row((column, record[f"{stem}Id"]), record.get("properties"), fields)
        for record in params[member]
    ]
    context.database.put_records(dataset["datasetArn"], {row[column]: row for row in rows})
    return dataset, rows


def _fields(context: Context, dataset: Dataset) -> dict[str, Field]:
    schema = context.resources.require(SCHEMA, dataset["schemaArn"])
    return columns_of(schema)


def _impression(context: Context, event: Mapping[str, Any]) -> list[str]:
    """What the user saw with an event: its impression, else what its recommendation showed."""
    if event.get("impression"):
        return list(event["impression"])
    return context.engine.recommended(event.get("recommendationId") or "")
