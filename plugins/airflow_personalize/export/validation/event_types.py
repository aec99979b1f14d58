"""The service's quota of event types: ten in all, the metadata columns of the interactions among them.

A day alone may be within it, so partitions note their types, and whoever puts partitions together checks
all of them again.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow_personalize.export.exceptions import TooManyEventTypesError

LIMIT = 10
_MAX_LISTED = 12


def check(dataset: str, where: str, kinds: Sequence[str], metadata_columns: int) -> None:
    """Fail when rows hold more distinct event types than the service takes beside the metadata columns.

    :param where: what the rows are: a partition, or several
    :raises TooManyEventTypesError: names the field, how many there are and how many there may be
    """
    if kinds and len(kinds) + metadata_columns > LIMIT:
        listed = ", ".join(repr(kind) for kind in kinds[:_MAX_LISTED]) + (
            ", ..." if len(kinds) > _MAX_LISTED else ""
        )
        raise TooManyEventTypesError(dataset, where, len(kinds), listed, metadata_columns, LIMIT)
