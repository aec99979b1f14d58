"""What is filled in to try a campaign or recommender, and the request that it makes."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from localpersonalize.runtime.filters import Filter
from localpersonalize.runtime.filters.validation import ValueKind, field_kind

RESULTS = 10
SESSION = "localpersonalize-page"
_VALUE, _CONTEXT = "value.", "context."
_LIST_SEPARATORS = str.maketrans("\n;\t", ",,,")


@dataclass(frozen=True)
class Form:
    """The fields, as texts.

    `serving`: `campaign/NAME` or `recommender/NAME`; `filter`: a name; `values`: of its parameters; `before`: the
    id of a recommendation that the answer is compared with.
    """

    serving: str = ""
    user: str = ""
    item: str = ""
    ranked: str = ""
    filter: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    count: str = str(RESULTS)
    before: str = ""

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> Form:
        """The fields of a query string or a form's body; those of other names are left out."""
        texts = {name: text.strip() for name, text in pairs}
        plain = {
            name: texts[name]
            for name in ("serving", "user", "item", "ranked", "filter", "before")
            if name in texts
        }
        return cls(
            **plain,
            values=_below(_VALUE, texts),
            context=_below(_CONTEXT, texts),
            count=texts.get("count") or str(RESULTS),
        )

    def pairs(self, **changes: str) -> list[tuple[str, str]]:
        """The fields that are filled in, as `read` reads them, with some changed."""
        fields = {
            "serving": self.serving,
            "user": self.user,
            "item": self.item,
            "ranked": self.ranked,
            "filter": self.filter,
            **{_VALUE + name: text for name, text in self.values.items()},
            **{_CONTEXT + name: text for name, text in self.context.items()},
            "count": self.count,
            **changes,
        }
        return [(name, text) for name, text in fields.items() if text]

    def query(self, **changes: str) -> str:
        """The same as a query string."""
        return urlencode(self.pairs(**changes))

    @property
    def is_asking(self) -> bool:
        """Whether there is enough to send a request at all."""
        return bool(self.serving)


@dataclass(frozen=True)
class RuntimeRequest:
    """A request of the runtime: the operation and its parameters."""

    operation: str
    parameters: dict[str, Any]

    @property
    def in_python(self) -> str:
        """The same request with boto3."""
        method = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in self.operation)
        lines = [f"    {name}={value!r}," for name, value in self.parameters.items()]
        return "\n".join(
            ['runtime = boto3.client("personalize-runtime")', f"runtime.{method.lstrip('_')}(", *lines, ")"]
        )


def request_of(
    form: Form,
    arn: str,
    kind: str,
    needs: str,
    filter_arn: str | None,
    filter_values: Mapping[str, str],
) -> RuntimeRequest:
    """
    :param kind: `campaign` or `recommender`.
    :param needs: `ranking`, `actions`, or another word for GetRecommendations.
    """
    parameters: dict[str, Any] = {f"{kind}Arn": arn}
    if form.user:
        parameters["userId"] = form.user
    if filter_arn:
        parameters["filterArn"] = filter_arn
        if filter_values:
            parameters["filterValues"] = dict(filter_values)
    context = {name: text for name, text in form.context.items() if text}
    if context and needs != "actions":
        parameters["context"] = context
    if needs == "ranking":
        return RuntimeRequest("GetPersonalizedRanking", {**parameters, "inputList": split(form.ranked)})
    count = int(form.count) if form.count.isdecimal() else RESULTS
    if needs == "actions":
        return RuntimeRequest("GetActionRecommendations", {**parameters, "numResults": count})
    if form.item:
        parameters["itemId"] = form.item
    return RuntimeRequest("GetRecommendations", {**parameters, "numResults": count})


def event_of(form: Form, tracking_id: str, event_type: str, item: str, value: str) -> dict[str, Any]:
    """The parameters of PutEvents for one event of the form's user, now.

    :param value: a number, or empty.
    :raises ValueError: if it is another text.
    """
    event: dict[str, Any] = {"eventType": event_type, "itemId": item, "sentAt": time.time()}
    if value:
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(value)
        event["eventValue"] = number
    if form.before:
        event["recommendationId"] = form.before
    return {"trackingId": tracking_id, "userId": form.user, "sessionId": SESSION, "eventList": [event]}


def split(text: str) -> list[str]:
    """Ids that are separated by commas, semicolons or line ends."""
    return [part.strip() for part in text.translate(_LIST_SEPARATORS).split(",") if part.strip()]


@dataclass(frozen=True)
class Parameter:
    """A `$NAME` of a filter, and what its values are compared with."""

    name: str
    of: str
    is_number: bool


def parameters_of(parsed: Filter, schemas: Mapping[str, Mapping[str, Any]]) -> list[Parameter]:
    """The parameters of a filter, by name.

    :param schemas: Avro schemas by upper-case dataset type.
    """
    made = {}
    for condition in parsed.conditions():
        for parameter in condition.parameters():
            compared = condition.field
            kind, _ = field_kind(schemas.get(compared.source.dataset, {}), compared.name)
            made[parameter.name] = Parameter(parameter.name, str(compared), kind is ValueKind.NUMBER)
    return [made[name] for name in sorted(made)]


def filter_values(parameters: Sequence[Parameter], values: Mapping[str, str]) -> dict[str, str]:
    """`filterValues` of a request: texts in double quotes, as the service wants them, unless they are already."""
    filled = {parameter: values.get(parameter.name, "") for parameter in parameters}
    return {
        parameter.name: text if parameter.is_number or text.startswith('"') else _quoted(text)
        for parameter, text in filled.items()
        if text
    }


def _quoted(text: str) -> str:
    parts = (part.replace("\\", "\\\\").replace('"', '\\"') for part in split(text))
    return ",".join(f'"{part}"' for part in parts)


def _below(prefix: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}
