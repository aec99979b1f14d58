"""PutEvents, PutItems, PutUsers, PutActions and PutActionInteractions: on disk before they are answered,
and known to the campaigns in memory before the next request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.datasets.events import Row, event_row, record_row
from localpersonalize.datasets.schemas import Field, columns_of
from localpersonalize.protocol.errors import InvalidInputError, NotFoundError
from localpersonalize.resources import lifecycle
from localpersonalize.resources.attribution_reports import events_came
from localpersonalize.resources.registry import operation
from localpersonalize.runtime.adapters import streamed_event

if TYPE_CHECKING:
    from localpersonalize.database import Body
    from localpersonalize.service import Service


@operation("PutEvents")
def put_events(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    tracker = _tracker(service, params["trackingId"])
    group_arn = tracker["datasetGroupArn"]
    dataset = _dataset_of(service, group_arn, "INTERACTIONS")
    fields = _fields(service, dataset)
    shown = [_shown(service, event) for event in params["eventList"]]
    rows = [
        event_row(event, params.get("userId"), params["sessionId"], fields, items)
        for event, items in zip(params["eventList"], shown, strict=True)
    ]
    service.store.add_events(dataset["datasetArn"], rows)
    service.runtime.put_events(group_arn, [streamed_event(row) for row in rows], shown)
    events_came(service, group_arn, rows)
    return {}


@operation("PutItems")
def put_items(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    dataset, rows = _records(service, params, "ITEMS", "items")
    service.runtime.put_items(dataset["datasetGroupArn"], rows)
    return {}


@operation("PutUsers")
def put_users(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    dataset, rows = _records(service, params, "USERS", "users")
    service.runtime.put_users(dataset["datasetGroupArn"], rows)
    return {}


@operation("PutActions")
def put_actions(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    _records(service, params, "ACTIONS", "actions")
    return {}


@operation("PutActionInteractions")
def put_action_interactions(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    tracked = [d for d in service.store.all("Dataset") if d.get("trackingId") == params["trackingId"]]
    if not tracked:
        raise NotFoundError(f"Could not find a dataset with tracking ID {params['trackingId']}.", status=404)
    rows = []
    for event in params["actionInteractions"]:
        row = {
            "USER_ID": event.get("userId") or event["sessionId"],
            "ACTION_ID": event["actionId"],
            "TIMESTAMP": int(event["timestamp"].timestamp()),
            "EVENT_TYPE": event["eventType"],
            "SESSION_ID": event["sessionId"],
            "EVENT_ID": event.get("eventId"),
        }
        rows.append({name: value for name, value in row.items() if value is not None})
    service.store.add_events(tracked[0]["datasetArn"], rows)
    return {}


def _tracker(service: Service, tracking_id: str) -> Body:
    for tracker in service.store.all("EventTracker"):
        if tracker["trackingId"] == tracking_id:
            if tracker["status"] != lifecycle.ACTIVE:
                raise InvalidInputError(
                    f"The event tracker is not ACTIVE; its status is {tracker['status']}."
                )
            return tracker
    raise InvalidInputError(f"Could not find an event tracker with tracking ID {tracking_id}.")


def _dataset_of(service: Service, group_arn: str, kind: str) -> Body:
    for dataset in service.store.all("Dataset", group_arn):
        if dataset["datasetType"] == kind:
            return dataset
    raise InvalidInputError(f"The dataset group {group_arn} has no dataset of type {kind}.")


def _records(service: Service, params: Mapping[str, Any], kind: str, member: str) -> tuple[Body, list[Row]]:
    """Keep the records of a request; the dataset and its new rows."""
    dataset = service.store.get(params["datasetArn"])
    if dataset is None or service.store.kind_of(params["datasetArn"]) != "Dataset":
        raise NotFoundError(f"Could not find dataset {params['datasetArn']}.", status=404)
    if dataset["datasetType"] != kind:
        raise InvalidInputError(f"{params['datasetArn']} is of type {dataset['datasetType']}, not {kind}.")
    fields = _fields(service, dataset)
    stem = member[:-1]
    column = f"{stem.upper()}_ID"
    rows = [
        record_row((column, record[f"{stem}Id"]), record.get("properties"), fields)
        for record in params[member]
    ]
    service.store.put_records(dataset["datasetArn"], {row[column]: row for row in rows})
    return dataset, rows


def _fields(service: Service, dataset: Mapping[str, Any]) -> dict[str, Field]:
    return columns_of(service.require(dataset["schemaArn"], "Schema"))


def _shown(service: Service, event: Mapping[str, Any]) -> list[str]:
    """What the user saw with an event: its impression, else what its recommendation showed."""
    if event.get("impression"):
        return list(event["impression"])
    return service.runtime.recommended(event.get("recommendationId") or "")
