"""What schemas of domain dataset groups must and may say, beyond what all schemas must.

Source: the developer guide, "Domain datasets and schemas": ECOMMERCE and VIDEO_ON_DEMAND.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from localpersonalize.datasets.schemas import Field
from localpersonalize.protocol.errors import InvalidInputError


@dataclass(frozen=True)
class FieldRule:
    """Types that a column may have, and what a string must be marked as."""

    kinds: tuple[str, ...]
    mark: str | None = None


_CATEGORICAL, _TEXTUAL = FieldRule(("string",), "categorical"), FieldRule(("string",), "textual")
_NUMBER, _TIME = FieldRule(("float", "double", "int", "long")), FieldRule(("long", "float"))
_EVENT = {"EVENT_TYPE": FieldRule(("string",))}

REQUIRED_FIELDS: Mapping[str, Mapping[str, Mapping[str, FieldRule]]] = {
    "ECOMMERCE": {
        "INTERACTIONS": _EVENT,
        "ITEMS": {"PRICE": _NUMBER, "CATEGORY_L1": _CATEGORICAL},
        "USERS": {},
    },
    "VIDEO_ON_DEMAND": {
        "INTERACTIONS": _EVENT,
        "ITEMS": {"GENRES": _CATEGORICAL, "CREATION_TIMESTAMP": _TIME},
        "USERS": {},
    },
}
RESERVED_FIELDS: Mapping[str, Mapping[str, Mapping[str, FieldRule]]] = {
    "ECOMMERCE": {
        "ITEMS": {
            "CATEGORY_L2": _CATEGORICAL,
            "CATEGORY_L3": _CATEGORICAL,
            "PRODUCT_DESCRIPTION": _TEXTUAL,
            "AGE_GROUP": _CATEGORICAL,
            "ADULT": _CATEGORICAL,
            "GENDER": _CATEGORICAL,
        },
    },
    "VIDEO_ON_DEMAND": {
        "ITEMS": {
            "PRICE": _NUMBER,
            "DURATION": _NUMBER,
            "GENRE_L2": _CATEGORICAL,
            "GENRE_L3": _CATEGORICAL,
            "AVERAGE_RATING": _NUMBER,
            "PRODUCT_DESCRIPTION": _TEXTUAL,
            "CONTENT_OWNER": _CATEGORICAL,
            "CONTENT_CLASSIFICATION": _CATEGORICAL,
        },
        "USERS": {"SUBSCRIPTION_MODEL": _CATEGORICAL},
    },
}
FIELD_SYNONYMS = {"GENRES_L1": "GENRES"}  # the guide's default schema for videos says so


def check(fields: Iterable[Field], dataset_type: str, domain: str) -> None:
    """
    :raises InvalidInputError: naming the field that the domain's schema lacks or wants to be of another type.
    """
    by_column = {FIELD_SYNONYMS.get(field.column, field.column): field for field in fields}
    required = REQUIRED_FIELDS[domain].get(dataset_type)
    if required is None:
        raise InvalidInputError(
            f"A dataset group of the domain {domain} can't have a dataset of type {dataset_type}."
        )
    missing = sorted(set(required) - set(by_column))
    if missing:
        raise InvalidInputError(
            f"Input schema is missing fields that {domain} requires of {dataset_type}: {', '.join(missing)}."
        )
    for name, column in {**required, **RESERVED_FIELDS[domain].get(dataset_type, {})}.items():
        field = by_column.get(name)
        if field is None:
            continue
        if field.kind not in column.kinds:
            raise InvalidInputError(f"Field {field.name} must be of type {' or '.join(column.kinds)}.")
        if column.mark and not getattr(field, column.mark):
            raise InvalidInputError(f"Field {field.name} must have {column.mark} set to true.")
