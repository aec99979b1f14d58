"""Which column of a query feeds which field of the schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from airflow_personalize.export.exceptions import SchemaMismatchError
from airflow_personalize.export.schema.avro import DatasetSchema


def match(dataset: str, schema: DatasetSchema, names: Sequence[str]) -> list[int]:
    """The position of each field's column, in the schema's order; names compare without case.

    :raises SchemaMismatchError: names every missing, extra and repeated column at once
    """
    counts = Counter(name.upper() for name in names)
    wanted = {field.canonical: field.name for field in schema.fields}
    problems = [
        f"column {name!r} is missing" for canonical, name in wanted.items() if canonical not in counts
    ]
    problems += [f"column {name!r} is not in the schema" for name in names if name.upper() not in wanted]
    problems += [f"column {name!r} appears {count} times" for name, count in counts.items() if count > 1]
    if problems:
        raise SchemaMismatchError(dataset, problems)
    positions = {name.upper(): position for position, name in enumerate(names)}
    return [positions[field.canonical] for field in schema.fields]
