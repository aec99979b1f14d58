"""Trying a campaign or recommender: what can be filled in, its answer, and an event that changes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localpersonalize.datasets.schemas import metadata_of, parse_fields
from localpersonalize.page import forms, results, search
from localpersonalize.page.forms import Form, Parameter, RuntimeRequest
from localpersonalize.page.groups import Group, Serving
from localpersonalize.page.results import Changes, Event, Row
from localpersonalize.page.service import Service
from localpersonalize.protocol.errors import InvalidInputError, ServiceError
from localpersonalize.runtime.deployment import PERSONALIZED_ACTIONS, Deployment, GroupData
from localpersonalize.runtime.filters import Target, parse

EVENT_TYPES = ["click", "view", "purchase"]
"""Suggested where the history has none."""
SAMPLED_EVENTS = 10_000


@dataclass(frozen=True)
class Option:
    """A filter that may be chosen, and its parameters."""

    name: str
    arn: str
    expression: str
    parameters: list[Parameter]


@dataclass(frozen=True)
class Answer:
    """What came of a request: rows, or an error with its code."""

    request: RuntimeRequest
    rows: list[Row] = field(default_factory=list)
    recommendation_id: str = ""
    changes: Changes | None = None
    error: ServiceError | None = None


@dataclass(frozen=True)
class Trial:
    """Everything that the form and its answer show.

    `needs`: `ranking`, `actions`, or what the recipe must know (`user`, `item`, both as `user and item`, or nothing).
    """

    form: Form
    serving: Serving | None
    needs: str = ""
    hint: str = ""
    filters: list[Option] = field(default_factory=list)
    context: list[str] = field(default_factory=list)
    event_types: list[str] = field(default_factory=list)
    answer: Answer | None = None
    events: list[Event] = field(default_factory=list)
    user: Mapping[str, str] = field(default_factory=dict)
    tracker: str = ""
    error: ServiceError | None = None

    @property
    def can_put(self) -> bool:
        """Whether an event of the user can be put."""
        return bool(self.tracker and self.form.user and self.needs != "actions")


def serving_of(group: Group, key: str) -> Serving | None:
    """The campaign or recommender of a key; without a key, the first that serves."""
    if not key:
        return next((serving for serving in group.servings if serving.tone == "well"), None)
    return next((serving for serving in group.servings if serving.key == key), None)


def trial(service: Service, group: Group, form: Form, is_asked: bool) -> Trial:
    """
    :param is_asked: whether the form was sent, so that there is an answer to show.
    """
    serving = serving_of(group, form.serving)
    if serving is None:
        return Trial(form, None)
    try:
        deployment = service.engine.deployment(serving.arn)
    except ServiceError as error:
        return Trial(form, serving, error=error)
    data = service.engine.data(deployment.data_arn)
    schemas = _schemas(service, group)
    filters = _options(service, group, schemas, deployment)
    event_types = _event_types(service, deployment.data_arn, data)
    needs = _needs(deployment)
    return Trial(
        form,
        serving,
        needs,
        _hint(deployment),
        filters,
        _context_fields(schemas),
        list(event_types.values()) or EVENT_TYPES,
        _answer(service, serving, needs, filters, form, data)
        if is_asked and is_complete(form, needs)
        else None,
        results.events_of(data, form.user, event_types) if form.user else [],
        search.details(data.users, form.user) if form.user else {},
        _tracker(group),
    )


def put_event(service: Service, group: Group, form: Form, event_type: str, item: str, value: str) -> None:
    """
    :raises ServiceError: if the group has no event tracker, or the event is refused.
    """
    tracker = _tracker(group)
    if not tracker:
        raise InvalidInputError(f"Dataset group {group.name} has no event tracker that is ACTIVE.")
    tracking_id = service.describe("DescribeEventTracker", eventTrackerArn=tracker)["trackingId"]
    try:
        event = forms.event_of(form, tracking_id, event_type, item, value)
    except ValueError:
        raise InvalidInputError(f"The value of an event is a number, not {value}.") from None
    service.call("PutEvents", event)


def _answer(
    service: Service,
    serving: Serving,
    needs: str,
    filters: list[Option],
    form: Form,
    data: GroupData,
) -> Answer:
    option = next((option for option in filters if option.name == form.filter), None)
    values = forms.filter_values(option.parameters, form.values) if option else {}
    request = forms.request_of(form, serving.arn, serving.kind, needs, option.arn if option else None, values)
    try:
        answer = service.call(request.operation, request.parameters)
    except ServiceError as error:
        return Answer(request, error=error)
    before = service.engine.recommended(form.before) if form.before else []
    rows = results.rows_of(answer, data, before)
    return Answer(request, rows, answer["recommendationId"], results.changes_of(rows, before))


def is_complete(form: Form, needs: str) -> bool:
    """Whether the form says what a recipe must know, so that a request is worth sending."""
    fields = {
        "user": [form.user],
        "item": [form.item],
        "user and item": [form.user, form.item],
        "ranking": [form.user, form.ranked],
        "actions": [form.user],
    }
    return all(fields.get(needs, []))


def _needs(deployment: Deployment) -> str:
    if deployment.recipe_type == PERSONALIZED_ACTIONS:
        return "actions"
    if deployment.requires:
        return " and ".join(name.removesuffix("Id") for name in deployment.requires)
    return deployment.model.needs


def _hint(deployment: Deployment) -> str:
    """What an event does to the answers of this recipe."""
    if deployment.model.uses_history:
        explores = deployment.explores is not None and deployment.explores.weight > 0
        also = " It explores, so a few places change from one request to the next." if explores else ""
        return f"{deployment.recipe} reads the user's history: the next list follows an event.{also}"
    if deployment.model.follows_events:
        return f"{deployment.recipe} follows everybody's events: a list changes within seconds."
    if deployment.hides_events:
        return f"{deployment.recipe} leaves out what the user did ({', '.join(deployment.hides_events)})."
    return (
        f"{deployment.recipe} does not read the user's history: events change filters at once, and the order of"
        " the list after the next training."
    )


def _schemas(service: Service, group: Group) -> dict[str, dict[str, Any]]:
    """Avro schemas by upper-case dataset type."""
    schemas = {}
    for dataset in group.datasets:
        body = service.find("DescribeDataset", datasetArn=dataset["datasetArn"])
        schema = body and service.find("DescribeSchema", schemaArn=body["schemaArn"])
        if schema:
            schemas[dataset["datasetType"].upper()] = json.loads(schema["schema"])
    return schemas


def _context_fields(schemas: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Fields of the interactions that a request may say of itself, such as the device."""
    schema = schemas.get("INTERACTIONS")
    if schema is None:
        return []
    return [field.name for field in metadata_of(parse_fields(json.dumps(schema)), "INTERACTIONS")]


def _options(
    service: Service, group: Group, schemas: Mapping[str, Mapping[str, Any]], deployment: Deployment
) -> list[Option]:
    """The filters that a request to this campaign may name."""
    wanted = Target.ACTION if deployment.recipe_type == PERSONALIZED_ACTIONS else Target.ITEM
    options = []
    for summary in group.filters:
        if summary["status"] == "ACTIVE":
            body = service.find("DescribeFilter", filterArn=summary["filterArn"])
            if body is None:
                continue
            parsed = parse(body["filterExpression"])
            if parsed.target is wanted:
                parameters = forms.parameters_of(parsed, schemas)
                options.append(Option(body["name"], body["filterArn"], body["filterExpression"], parameters))
    return options


def _event_types(service: Service, data_arn: str, data: GroupData) -> dict[str, str]:
    """Event types of the histories, which have them in lower case, as the data wrote them where its first rows tell."""
    table = service.engine.groups.datasets.bulk_interactions(data_arn)
    written: dict[str, str] = {}
    if table is not None and "EVENT_TYPE" in table.column_names:
        types = table.column("EVENT_TYPE").slice(0, SAMPLED_EVENTS).unique().to_pylist()
        written = {name.lower(): name for name in types if name}
    return {name: written.get(name, name) for name in data.histories.event_types.ids}


def _tracker(group: Group) -> str:
    """ARN of the group's event tracker, empty if there is none that takes events."""
    active = [body["eventTrackerArn"] for body in group.trackers if body["status"] == "ACTIVE"]
    return str(active[0]) if active else ""
