"""What a partition's rows look like: of each column nulls, distinct values, range, quantiles and frequent values.

A profile is a small JSON object beside the partition's files. Those of several partitions can be merged into the
profile of all their rows.

Figures are exact for what is counted (rows, nulls, range) and for small partitions; those that come
from samples of a larger one (distinct values, quantiles, repeated events) are right to a few in a hundred.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from airflow_personalize.export.statistics.distinct_sample import DistinctSample

#: Frequent values that a profile keeps of a column.
TOP = 50
#: Quantiles of numbers, from the least to the greatest.
QUANTILES = tuple(np.linspace(0, 1, 21).round(2).tolist())


@dataclass(frozen=True)
class ColumnProfile:
    """One column.

    :param type: of the Avro schema: string, int, long, float, double, boolean
    :param flag: `id`, `categorical`, `textual` or nothing
    :param distinct: how many values there are, about; None for textual columns
    :param minimum: of numbers; so is `maximum`
    :param quantiles: of numbers, at `QUANTILES`
    :param top: the frequent values and how many rows have them, about, the most frequent first; of categorical
        columns the categories that `|` separates
    :param complete: whether `top` has all values, with exact counts
    :param sample: which values there are
    """

    name: str
    type: str
    flag: str = ""
    rows: int = 0
    nulls: int = 0
    distinct: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    quantiles: Sequence[float] = ()
    top: Mapping[str, int] = field(default_factory=dict)
    complete: bool = False
    sample: DistinctSample | None = None

    @property
    def null_share(self) -> float:
        return self.nulls / self.rows if self.rows else 0.0

    @property
    def is_number(self) -> bool:
        return self.type in {"int", "long", "float", "double"} and self.flag != "id"

    def to_dict(self, samples: bool = True) -> dict[str, Any]:
        written = {**vars(self), "top": dict(self.top), "quantiles": list(self.quantiles)}
        written["sample"] = self.sample.to_dict() if self.sample and samples else None
        return {name: value for name, value in written.items() if value not in (None, "", [], {})}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> ColumnProfile:
        sample = written.get("sample")
        return cls(**{**written, "sample": DistinctSample.from_dict(sample) if sample else None})


@dataclass(frozen=True)
class Profile:
    """All columns of some rows of a dataset.

    :param repeated_events: rows of interactions that are the same as another in all columns, beyond the first, about
    :param incomplete_rows: rows that lack a value
    :param partitions: how many partitions it is of, and how many more had no profile (`unknown`)
    """

    dataset: str
    rows: int
    columns: Sequence[ColumnProfile]
    repeated_events: int | None = None
    incomplete_rows: int = 0
    partitions: int = 1
    unknown: int = 0

    def column(self, name: str) -> ColumnProfile | None:
        """By its name, in any case."""
        return next((column for column in self.columns if column.name.upper() == name.upper()), None)

    @property
    def users_with_two(self) -> int | None:
        """Users with two interactions or more, about."""
        users = self.column("USER_ID") if self.dataset == "interactions" else None
        return users.sample.at_least(2) if users and users.sample else None

    def to_dict(self, samples: bool = True) -> dict[str, Any]:
        """As JSON.

        :param samples: with the samples of values, which merging needs, and which are most of its bytes
        """
        return {**vars(self), "columns": [column.to_dict(samples) for column in self.columns]}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> Profile:
        return cls(
            **{**written, "columns": [ColumnProfile.from_dict(column) for column in written["columns"]]}
        )


def merged(profiles: Sequence[Profile], unknown: int = 0) -> Profile | None:
    """The profile of the rows of all; None where there is none.

    :param unknown: partitions that have no profile
    """
    if not profiles:
        return None
    names = list(dict.fromkeys(column.name for profile in profiles for column in profile.columns))
    repeated = [profile.repeated_events for profile in profiles if profile.repeated_events is not None]
    return Profile(
        dataset=profiles[0].dataset,
        rows=sum(profile.rows for profile in profiles),
        columns=[
            _merged([column for profile in profiles if (column := profile.column(name))]) for name in names
        ],
        repeated_events=sum(repeated) if repeated else None,
        incomplete_rows=sum(profile.incomplete_rows for profile in profiles),
        partitions=sum(profile.partitions for profile in profiles),
        unknown=unknown + sum(profile.unknown for profile in profiles),
    )


def _merged(columns: Sequence[ColumnProfile]) -> ColumnProfile:
    filled = [column for column in columns if column.rows > column.nulls]
    if len(columns) == 1 or not filled:
        return replace(
            columns[0],
            rows=sum(column.rows for column in columns),
            nulls=sum(column.nulls for column in columns),
        )
    top: Counter[str] = Counter()
    for column in filled:
        top.update(column.top)
    complete = all(column.complete for column in filled) and len(top) <= TOP
    samples = [column.sample for column in filled]
    sample = DistinctSample.merged([column for column in samples if column]) if all(samples) else None
    distinct = [column.distinct for column in filled if column.distinct is not None]
    return ColumnProfile(
        name=columns[0].name,
        type=columns[0].type,
        flag=columns[0].flag,
        rows=sum(column.rows for column in columns),
        nulls=sum(column.nulls for column in columns),
        distinct=sample.distinct() if sample else max([*distinct, len(top)]) if distinct else None,
        minimum=min((column.minimum for column in filled if column.minimum is not None), default=None),
        maximum=max((column.maximum for column in filled if column.maximum is not None), default=None),
        quantiles=_pooled(filled),
        top=dict(top.most_common(TOP)),
        complete=complete,
        sample=sample,
    )


def _pooled(columns: Sequence[ColumnProfile]) -> Sequence[float]:
    """Quantiles of all rows: those of each column are taken for values that as many rows each have."""
    known = [column for column in columns if column.quantiles]
    if not known:
        return ()
    values = np.concatenate([column.quantiles for column in known])
    weights = np.repeat([float(column.rows - column.nulls) for column in known], len(QUANTILES))
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    positions = np.searchsorted(reached, np.asarray(QUANTILES) * reached[-1] * (1 - 1e-12))
    pooled: list[float] = values[order][np.minimum(positions, len(values) - 1)].tolist()
    return pooled
