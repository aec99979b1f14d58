"""Events and records that come one by one, from the shapes of the wire to rows of their dataset.

Keys of `properties` are camel case forms of the schema's fields: `numberOfRatings` is NUMBER_OF_RATINGS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from localpersonalize.datasets.property_values import check_text, check_unicode, converted
from localpersonalize.datasets.schemas import Field
from localpersonalize.protocol.errors import InvalidInputError

MAX_EVENT_BYTES = 10 * 1024
Row = dict[str, Any]

_USER_ID = Field("USER_ID", "string", False)
_EVENT_TYPE = Field("EVENT_TYPE", "string", False)
_ITEM_ID = Field("ITEM_ID", "string", False)
_EVENT_VALUE = Field("EVENT_VALUE", "float", True)
_IMPRESSION = Field("IMPRESSION", "string", True)
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_REQUEST_COLUMNS = ("USER_ID", "SESSION_ID", "EVENT_TYPE", "TIMESTAMP", "RECOMMENDATION_ID", "IMPRESSION")


def column_of(key: str) -> str:
    """`numberOfRatings` and `number_of_ratings` to `NUMBER_OF_RATINGS`."""
    return _WORD_BOUNDARY.sub("_", key).upper()


def properties(text: str | None, label: str) -> Row:
    """The members of a `properties` string, by column.

    :param label: what the properties are of, for messages.

    :raises InvalidInputError: if it is not a JSON object, or two of its keys mean one field.
    """
    if text is None:
        return {}
    try:
        value = json.loads(text, parse_constant=_raise_on_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise InvalidInputError(f"The properties of {label} are not JSON: {reason}.") from None
    if not isinstance(value, dict):
        raise InvalidInputError(f"The properties of {label} are not a JSON object.")
    row = {column_of(key): item for key, item in value.items()}
    if len(row) < len(value):
        raise InvalidInputError(f"The properties of {label} give a field more than once.")
    return row


def _raise_on_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def property_row(text: str | None, fields: Mapping[str, Field], label: str) -> Row:
    """The members of a `properties` string that the schema has, by column; the others are left out.

    :raises InvalidInputError: if a value does not fit the schema.
    """
    members = properties(text, label)
    return {name: converted(item, fields[name], label) for name, item in members.items() if name in fields}


def event_row(
    event: Mapping[str, Any],
    user_id: str | None,
    session_id: str,
    fields: Mapping[str, Field],
    impression: Iterable[str],
) -> Row:
    """One event of PutEvents. Before sign-in the session stands for the user.

    Properties that the schema lacks are left out, as in the service.

    :param fields: the Interactions schema by column.
    :param shown: impression of the event, explicit or implied by its recommendation.
    :raises InvalidInputError: if a value does not fit the schema, an item is missing, or the event is too large.
    """
    label = f"event {event.get('eventId') or event['eventType']}"
    extra = properties(event.get("properties"), label)
    misplaced = [name for name in extra if name in _REQUEST_COLUMNS]
    if misplaced:
        raise InvalidInputError(f"{', '.join(misplaced)} can't be given in the properties of {label}.")
    item = event.get("itemId") or extra.pop("ITEM_ID", None)
    if not item:
        raise InvalidInputError(f"{label} has no itemId.")
    value = event.get("eventValue", extra.pop("EVENT_VALUE", None))
    row = {
        "USER_ID": user_id or session_id,
        "ITEM_ID": converted(item, _ITEM_ID, label),
        "TIMESTAMP": int(event["sentAt"].timestamp()),
        "EVENT_TYPE": event["eventType"],
        "EVENT_VALUE": converted(value, _EVENT_VALUE, label),
        "SESSION_ID": session_id,
        "EVENT_ID": event.get("eventId"),
        "RECOMMENDATION_ID": event.get("recommendationId"),
        "EVENT_ATTRIBUTION_SOURCE": (event.get("metricAttribution") or {}).get("eventAttributionSource"),
        "IMPRESSION": "|".join(impression) or None,
        **{name: converted(item, fields[name], label) for name, item in extra.items() if name in fields},
    }
    row = {name: value for name, value in row.items() if value is not None}
    if len(json.dumps(row)) > MAX_EVENT_BYTES:
        raise InvalidInputError(f"{label} is larger than {MAX_EVENT_BYTES} bytes.")
    check_text(row["USER_ID"], _USER_ID, label)
    check_text(row["EVENT_TYPE"], _EVENT_TYPE, label)
    if event.get("impression"):
        check_text("|".join(event["impression"]), _IMPRESSION, label)
    check_unicode(row, label)
    return row


def record_row(identifier: tuple[str, str], text: str | None, fields: Mapping[str, Field]) -> Row:
    """One record of PutItems, PutUsers or PutActions.

    :param identifier: column and value of its id.
    :raises InvalidInputError: if a value does not fit the schema, or a field that may not be null is missing.
    """
    column, value = identifier
    label = f"{column} {value}"
    check_text(value, Field(column, "string", False), label)
    values = properties(text, label)
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise InvalidInputError(
            f"{label} has properties that the schema does not have: {', '.join(unknown)}."
        )
    row = {name: converted(item, fields[name], label) for name, item in values.items()} | {column: value}
    missing = sorted(name for name, field in fields.items() if not field.nullable and row.get(name) is None)
    if missing:
        raise InvalidInputError(f"{label} lacks values for {', '.join(missing)}, which may not be null.")
    check_unicode(row, label)
    return row


def deduplicated(rows: Iterable[Row]) -> list[Row]:
    """Streamed events as a training sees them.

    An anonymous session's events belong to the user who signed in within it. An event counts once: another
    with its event id, or with the same user, time and properties, is the same event.
    """
    rows = list(rows)
    owners = {row["SESSION_ID"]: row["USER_ID"] for row in rows if _signed_in(row)}
    seen: set[tuple[Any, ...]] = set()
    unique = []
    for row in rows:
        if not _signed_in(row):
            row = {**row, "USER_ID": owners.get(row["USER_ID"], row["USER_ID"])}
        keys = [tuple(sorted((name, row[name]) for name in row if name not in ("SESSION_ID", "EVENT_ID")))]
        if "EVENT_ID" in row:
            keys.append((row["USER_ID"], row["EVENT_ID"]))
        if seen.isdisjoint(keys):
            unique.append(row)
        seen.update(keys)
    return unique


def _signed_in(row: Row) -> bool:
    return row.get("SESSION_ID") is not None and row["SESSION_ID"] != row["USER_ID"]
