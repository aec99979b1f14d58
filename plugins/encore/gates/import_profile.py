"""A profile of the files of an import: how many users there are, and which ids are in no other dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from encore.csv_rows import batches, files
from encore.gates.data_quality import InteractionFacts

EXAMPLES = 5


def profile(
    client: Any, interactions: str, users: str | None, items: str | None, *, limit: int, newest: int | None
) -> InteractionFacts:
    """Facts of the newest interactions of an import.

    :param interactions: `s3://` place of the files that will be imported; `users` and `items` likewise, if there are
    :param limit: rows after which reading ends; files of newer days are read first
    :param newest: epoch seconds of the newest interaction, passed through
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = {
        "users": ids(client, users, "user_id") if users else None,
        "items": ids(client, items, "item_id") if items else None,
    }
    known_users = pa.array([], pa.string())
    rows, unknown = 0, {"users": 0, "items": 0}
    examples: dict[str, list[str]] = {"users": [], "items": []}
    for batch in _batches(client, interactions, ("user_id", "item_id"), newest_first=True):
        columns = {"users": batch["user_id"], "items": batch["item_id"]}
        known_users = pc.unique(pa.concat_arrays([known_users, pc.unique(columns["users"])]))
        for dataset, column in columns.items():
            if known[dataset] is not None:
                absent = column.filter(pc.invert(pc.is_in(column, value_set=known[dataset])))
                unknown[dataset] += len(absent)
                examples[dataset] = (examples[dataset] + pc.unique(absent).to_pylist())[:EXAMPLES]
        rows += batch.num_rows
        if rows >= limit:
            break
    share = {
        dataset: unknown[dataset] / rows if rows and known[dataset] is not None else None
        for dataset in unknown
    }
    return InteractionFacts(newest, share["users"], share["items"], len(known_users), examples)


def ids(client: Any, location: str, column: str) -> Any:
    """The distinct ids in a dataset's files (pyarrow array of strings)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [pc.unique(batch[column]) for batch in _batches(client, location, (column,))]
    return pc.unique(pa.concat_arrays(parts)) if parts else pa.array([], pa.string())


def _batches(client: Any, location: str, names: Sequence[str], newest_first: bool = False) -> Iterator[Any]:
    bucket, keys = files(client, location)
    yield from batches(client, bucket, reversed(keys) if newest_first else keys, names)
