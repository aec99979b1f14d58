"""The service's rules for a dataset schema, over and above Avro's.

Sources: the developer guide's "Schema formatting requirements", "Custom dataset and schema requirements" and quotas.
The service checks the same; docs/data-rules.md is the list of both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

NAMESPACE = "com.amazonaws.personalize.schema"
FLAGS = ("categorical", "textual")
#: Required of some datasets, and may be null all the same.
MAY_BE_NULL = ("EVENT_TYPE",)
#: Fields that may be textual in one schema.
MAX_TEXTUAL = 1
TYPES = ("string", "int", "long", "float", "double", "boolean")


@dataclass(frozen=True)
class DatasetRules:
    """Fields that a dataset type must or may have, by canonical name, with the types they are fixed to."""

    required: Mapping[str, str]
    reserved: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    metadata_min: int = 0
    metadata_max: int = 100
    textual: bool = False


RULES: Mapping[str, DatasetRules] = {
    "INTERACTIONS": DatasetRules(
        required={"USER_ID": "string", "ITEM_ID": "string", "TIMESTAMP": "long"},
        reserved={
            "EVENT_TYPE": "string",
            "EVENT_VALUE": "float",
            "IMPRESSION": "string",
            "RECOMMENDATION_ID": "string",
            "EVENT_ATTRIBUTION_SOURCE": "string",
        },
        metadata_max=5,
    ),
    "USERS": DatasetRules(required={"USER_ID": "string"}, metadata_min=1, metadata_max=25),
    "ITEMS": DatasetRules(
        required={"ITEM_ID": "string"},
        reserved={"CREATION_TIMESTAMP": "long"},
        metadata_min=1,
        textual=True,
    ),
    "ACTIONS": DatasetRules(
        required={"ACTION_ID": "string"},
        reserved={
            "VALUE": ("int", "long", "float", "double"),
            "CREATION_TIMESTAMP": "long",
            "ACTION_EXPIRATION_TIMESTAMP": "long",
            "REPEAT_FREQUENCY": ("int", "long"),
        },
        metadata_max=10,
    ),
    "ACTION_INTERACTIONS": DatasetRules(
        required={"USER_ID": "string", "ACTION_ID": "string", "TIMESTAMP": "long", "EVENT_TYPE": "string"},
        metadata_max=10,
    ),
}
#: The name of a schema's record -> the dataset's type, where they differ.
_TYPE_OF = {"ACTIONINTERACTIONS": "ACTION_INTERACTIONS"}

#: Names that the service keeps for itself: no value in the data may spell them.
RESERVED_NAMES = frozenset(
    name
    for kind in ("INTERACTIONS", "USERS", "ITEMS")
    for name in (*RULES[kind].required, *RULES[kind].reserved)
)
#: Reserved fields that count as metadata where event types and metadata columns are limited together.
COUNTED_WITH_EVENT_TYPES = frozenset({"EVENT_TYPE", "EVENT_VALUE"})


def dataset_type(name: object) -> str:
    """The dataset type that a schema is for, by its record's name: INTERACTIONS, ..., ACTION_INTERACTIONS."""
    return _TYPE_OF.get(str(name).upper(), str(name).upper())


def problems_of(definition: Mapping[str, Any]) -> list[str]:
    """Everything that the service would refuse, one sentence each; empty for a good schema."""
    if definition.get("type") != "record":
        return ["the outermost type must be 'record'"]
    rules = RULES.get(dataset_type(definition.get("name")))
    if rules is None:
        known = "Interactions, Users, Items, Actions or ActionInteractions"
        return [f"name {definition.get('name')!r} is no dataset type: use {known}"]
    problems = []
    if definition.get("namespace") != NAMESPACE:
        problems.append(f"namespace must be {NAMESPACE!r}")
    if not isinstance(definition.get("version", ""), str | int | float):
        problems.append("version must be a text or a number, mostly '1.0'")
    fields = definition.get("fields") or []
    for entry in fields:
        problems.extend(_problems_of_field(entry, rules))
    problems.extend(_problems_of_names(fields, rules))
    return problems


def _problems_of_field(definition: Mapping[str, Any], rules: DatasetRules) -> Iterator[str]:
    name, declared = definition.get("name"), definition.get("type")
    types = [declared] if isinstance(declared, str) else declared
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name), re.ASCII):
        yield f"field {name!r}: a name is made of letters, digits and underscores"
    if not isinstance(types, list) or not all(isinstance(entry, str) for entry in types):
        yield f"field {name!r}: nested types are not supported; use one of {', '.join(TYPES)}"
        return
    plain = [entry for entry in types if entry != "null"]
    if len(plain) != 1 or plain[0] not in TYPES:
        yield f"field {name!r}: type {declared!r} must be one of {', '.join(TYPES)}, or one of them and null"
        return
    canonical = str(name).upper()
    fixed = rules.required.get(canonical) or rules.reserved.get(canonical)
    allowed = (fixed,) if isinstance(fixed, str) else fixed
    if allowed and plain[0] not in allowed:
        yield f"field {name!r}: the service fixes its type to {' or '.join(map(repr, allowed))}"
    if canonical in rules.required and canonical not in MAY_BE_NULL and "null" in types:
        yield f"field {name!r}: is required, so it may not be null"
    for flag in FLAGS:
        if not isinstance(definition.get(flag, False), bool):
            yield f"field {name!r}: {flag} must be true or false"
    flags = [flag for flag in FLAGS if definition.get(flag) is True]
    if flags and plain[0] != "string":
        yield f"field {name!r}: only a string can be {flags[0]}"
    if flags and fixed:
        yield f"field {name!r}: a required or reserved field cannot be {flags[0]}"
    if len(flags) == 2:
        yield f"field {name!r}: cannot be categorical and textual at once"
    if "textual" in flags and not rules.textual:
        yield f"field {name!r}: only the items dataset can have textual fields"


def _problems_of_names(fields: list[Mapping[str, Any]], rules: DatasetRules) -> Iterator[str]:
    names = [str(entry.get("name")).upper() for entry in fields]
    for missing in [name for name in rules.required if name not in names]:
        yield f"field {missing} is required and missing"
    alphanumeric = Counter(re.sub(r"[^A-Z0-9]", "", name) for name in names)
    for name, count in alphanumeric.items():
        if count > 1:
            yield f"{count} fields are called {name} (case and underscores don't count): rename all but one"
    own = {*rules.required, *rules.reserved}
    metadata = [field for field in fields if str(field.get("name")).upper() not in own]
    if sum(map(_is_trained_on, metadata)) < rules.metadata_min:
        yield (
            f"at least {rules.metadata_min} metadata field is needed beside the required ones: a number, a boolean, or"
            " a string that is categorical or textual"
        )
    textual = [str(field.get("name")) for field in metadata if field.get("textual") is True]
    if len(textual) > MAX_TEXTUAL:
        yield f"{len(textual)} textual fields ({', '.join(textual)}), the service takes {MAX_TEXTUAL}"
    if len(metadata) > rules.metadata_max:
        named = ", ".join(str(field.get("name")) for field in metadata)
        yield f"{len(metadata)} metadata fields ({named}), the service takes {rules.metadata_max}"


def _is_trained_on(definition: Mapping[str, Any]) -> bool:
    """Plain strings may be imported, for filters and answers; training leaves them out."""
    declared = definition.get("type")
    plain = [declared] if isinstance(declared, str) else declared
    is_text = isinstance(plain, list) and "string" in plain
    return not is_text or any(definition.get(flag) is True for flag in FLAGS)
