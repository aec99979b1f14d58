"""Which column of a query feeds which field of the schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from airflow_personalize.export.exceptions import SchemaMismatchError
from airflow_personalize.export.schema.avro import DatasetSchema


def match(dataset: str, schema: DatasetSchema, names: Sequence[str], row_id: str | None = None) -> list[int]:
    """The position of each field's column, in the schema's order; names compare without case.

    :param row_id: a column that must be there beside the fields, or is one of them

    :raises SchemaMismatchError: names every missing, extra and repeated column at once
    """
    counts = Counter(name.upper() for name in names)
    wanted = {field.canonical: field.name for field in schema.fields}
    problems = [
        f"column {name!r} is missing" for canonical, name in wanted.items() if canonical not in counts
    ]
    if row_id is not None and row_id.upper() not in counts:
        problems.append(f"column {row_id!r} is missing, which the dataset's row_id names")
    wanted = wanted if row_id is None else {row_id.upper(): row_id, **wanted}
    problems += [f"column {name!r} is not in the schema" for name in names if name.upper() not in wanted]
    problems += [f"column {name!r} appears {count} times" for name, count in counts.items() if count > 1]
    if problems:
        raise SchemaMismatchError(dataset, problems)
    positions = {name.upper(): position for position, name in enumerate(names)}
    return [positions[field.canonical] for field in schema.fields]
