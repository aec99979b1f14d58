"""Whether new rows look like those before them: shares of nulls, mixes of values, repeated events.

A column is compared with the pool of the earlier days (or runs), with the same weekday one and two weeks before, and
with what was imported last: it has drifted when it is far from all of them. So neither a weekend nor a change that
somebody has let pass once is held again.

Mixes are compared by the Jensen-Shannon distance (J. Lin, "Divergence Measures Based on the Shannon Entropy", IEEE
Transactions on Information Theory 37, 1991; base 2, so that 0 is the same and 1 has nothing in common). Between two
samples of one mix its square is about (k - 1) / (8 ln 2) * (1/n + 1/m) for k values and n and m rows: the limit is
wider by that noise.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from airflow_personalize.export.statistics.profile import QUANTILES, ColumnProfile, Profile, merged
from encore.config.policies import DataGate
from encore.gates.checks import Check

T = TypeVar("T")

#: Two weeks, so that each weekday is there twice.
DAYS_COMPARED = 14
#: Days or runs without which nothing is called usual.
EARLIER_NEEDED = 3
#: Rows without which a share says little.
ROWS_NEEDED = 100
#: A value counts by itself from this share, and from so many rows.
SHARE_OF_OWN, ROWS_OF_OWN = 0.01, 10
#: A value is missed when so many rows of it were to be expected.
ROWS_MISSED = 30
#: Columns that move on with time by their nature.
MOVING = frozenset({"TIMESTAMP", "CREATION_TIMESTAMP"})
NOISE = 2.0
MOVED_SHOWN = 3


@dataclass(frozen=True)
class Drift:
    """The profiles that a check compares.

    :param rows: what the new rows are called, e.g. `interactions of 2026-02-28`
    :param earlier: of the days or runs before, the newest last
    :param accepted: of the rows that were imported last
    """

    rows: str
    now: Profile
    earlier: Sequence[Profile] = ()
    accepted: Profile | None = None

    @property
    def similar(self) -> list[Profile]:
        """Single profiles that the new one may be like."""
        return same_weekdays(self.earlier) + ([self.accepted] if self.accepted else [])


def same_weekdays(days: Sequence[T]) -> list[T]:
    """Of the days before one, those of its weekday, one and two weeks back."""
    return [days[-back] for back in (7, DAYS_COMPARED) if len(days) >= back]


def checks(gate: DataGate, drift: Drift) -> Iterator[Check]:
    """One for each column that has drifted, or one that says that none has."""
    if len(drift.earlier) < EARLIER_NEEDED or not drift.now.rows:
        return
    pool = merged(drift.earlier)
    assert pool is not None
    failed = [check for column in drift.now.columns for check in _of_column(gate, drift, pool, column)]
    failed += _repeated(gate, drift)
    yield from failed
    if not failed:
        compared = f"{len(drift.now.columns)} columns as in the {len(drift.earlier)} before"
        yield Check(f"profile of {drift.rows}", compared, "see data_gate", True)


def _of_column(gate: DataGate, drift: Drift, pool: Profile, column: ColumnProfile) -> Iterator[Check]:
    usual = pool.column(column.name)
    if usual is None or not usual.rows:
        return
    yield from _nulls(gate, drift, column)
    if gate.max_mix_change is None or column.name.upper() in MOVING or not _has_enough(column, usual):
        return
    if column.flag == "id":
        yield from _most_frequent(gate.max_mix_change, drift, column)
    elif column.flag != "textual":
        checks = list(_mix(gate.max_mix_change, drift, column, usual))
        yield from checks or _missed(drift, column, usual)


def _nulls(gate: DataGate, drift: Drift, column: ColumnProfile) -> Iterator[Check]:
    if gate.max_null_change is None:
        return
    usual = statistics.median(_null_shares(drift.earlier, column.name))
    references = [usual, *_null_shares(drift.similar, column.name)]
    limit = max(share + gate.max_null_change + _noise(share, column.rows) for share in references)
    if column.null_share > limit:
        yield Check(
            f"the share of nulls in {column.name} ({drift.rows})",
            f"{column.null_share:.1%} (usually {usual:.1%})",
            f"at most {limit:.1%}",
            False,
            f"See where {column.name} comes from in the query, e.g. a join that finds nothing.",
        )


def _null_shares(profiles: Sequence[Profile], name: str) -> list[float]:
    return [
        column.null_share for profile in profiles if (column := profile.column(name)) and column.rows
    ] or [0.0]


def _most_frequent(limit: float, drift: Drift, column: ColumnProfile) -> Iterator[Check]:
    """One user or item that most rows suddenly have."""
    value, share = _first(column)
    usual = max(
        _first(before)[1]
        for profile in (*drift.earlier, *drift.similar)
        if (before := profile.column(column.name))
    )
    if share > usual + limit + _noise(usual, _filled(column)):
        yield Check(
            f"the most frequent {column.name} ({drift.rows}), {value!r},",
            f"in {share:.1%} of rows (usually none in more than {usual:.1%})",
            f"at most {min(usual + limit, 1):.1%}",
            False,
            f"See what writes {column.name} {value!r}: a robot, or a default for what is not known.",
        )


def _first(column: ColumnProfile) -> tuple[str, float]:
    value, count = next(iter(column.top.items()), ("", 0))
    return value, count / max(_filled(column), 1)


def _mix(limit: float, drift: Drift, column: ColumnProfile, usual: ColumnProfile) -> Iterator[Check]:
    mixes = mixes_of(column, usual)
    others = [
        column_before
        for profile in drift.similar
        if (column_before := profile.column(column.name)) and _has_enough(column_before)
    ]
    distances = [(mixes, usual), *((mixes_of(column, other), other) for other in others)]
    if any(distance(mix) <= limit + _mix_noise(mix, column, other) for mix, other in distances):
        return
    moved = sorted(mixes.items(), key=lambda entry: -abs(entry[1][0] - entry[1][1]))[:MOVED_SHOWN]
    values = "; ".join(f"{value} {now:.1%}, usually {before:.1%}" for value, (now, before) in moved)
    yield Check(
        f"the mix of {column.name} ({drift.rows})",
        f"{distance(mixes):.2f} away from the usual one ({values})",
        f"at most {limit + _mix_noise(mixes, column, usual):.2f}",
        False,
        f"See whether {column.name} is still written as before.",
    )


def _missed(drift: Drift, column: ColumnProfile, usual: ColumnProfile) -> Iterator[Check]:
    """Values that were there each time, and are not now."""
    if column.is_number or not (column.complete and usual.complete):
        return
    before = [
        earlier.top
        for profile in (*drift.earlier, *drift.similar)
        if (earlier := profile.column(column.name))
    ]
    for value, count in usual.top.items():
        share = count / _filled(usual)
        expected = share >= SHARE_OF_OWN and share * _filled(column) >= ROWS_MISSED
        if expected and value not in column.top and all(value in top for top in before):
            yield Check(
                f"{column.name} {value!r} ({drift.rows})",
                f"in no row (usually in {share:.1%})",
                "in some row",
                False,
                f"See whether {value!r} is still written, and still read by the query.",
            )


def _repeated(gate: DataGate, drift: Drift) -> Iterator[Check]:
    if gate.max_repeated_change is None or drift.now.repeated_events is None or drift.now.rows < ROWS_NEEDED:
        return
    share = drift.now.repeated_events / drift.now.rows
    usual = statistics.median(_repeated_share(profile) for profile in drift.earlier)
    limit = max([usual, *map(_repeated_share, drift.similar)]) + gate.max_repeated_change
    if share > limit:
        yield Check(
            f"the share of repeated events ({drift.rows})",
            f"{share:.1%} (usually {usual:.1%})",
            f"at most {limit:.1%}",
            False,
            "See whether a join in the query gives rows twice; the service keeps one of equal events.",
        )


def _repeated_share(profile: Profile) -> float:
    return (profile.repeated_events or 0) / profile.rows if profile.rows else 0.0


def mixes_of(now: ColumnProfile, usual: ColumnProfile) -> dict[str, tuple[float, float]]:
    """The shares of rows by value, now and usually; numbers of many values are cut at the usual tenths."""
    if now.is_number and now.quantiles and usual.quantiles and not (now.complete and usual.complete):
        return _mixes_of_numbers(now.quantiles, usual.quantiles)
    own = max(SHARE_OF_OWN, ROWS_OF_OWN / _filled(now))
    shares_now, shares_usual = _shares(now), _shares(usual)
    names = [
        value
        for value in shares_now.keys() | shares_usual.keys()
        if max(shares_now.get(value, 0), shares_usual.get(value, 0)) >= own
    ]
    mixes = {
        value: (
            shares_now.get(value, _unlisted(now, shares_now, shares_usual.get(value, 0.0))),
            shares_usual.get(value, _unlisted(usual, shares_usual, shares_now.get(value, 0.0))),
        )
        for value in names
    }
    left = [max(0.0, 1 - sum(pair[side] for pair in mixes.values())) for side in (0, 1)]
    return {**mixes, "all others": (left[0], left[1])}


def _shares(column: ColumnProfile) -> dict[str, float]:
    # Of categories that a row has several of, the shares of all categories are compared.
    whole = max(_filled(column), sum(column.top.values()))
    return {value: count / whole for value, count in column.top.items()}


def _unlisted(column: ColumnProfile, shares: Mapping[str, float], other: float) -> float:
    """The share of a value that is not among the frequent ones: as near to the other side's as it may be."""
    return 0.0 if column.complete else min(other, min(shares.values(), default=0.0))


def _mixes_of_numbers(now: Sequence[float], usual: Sequence[float]) -> dict[str, tuple[float, float]]:
    edges = sorted(set(usual[2:-2:2]))
    ends = [-math.inf, *edges, math.inf]
    return {
        f"{low:.6g} to {high:.6g}": (
            _below(now, high) - _below(now, low),
            _below(usual, high) - _below(usual, low),
        )
        for low, high in itertools.pairwise(ends)
    }


def _below(quantiles: Sequence[float], value: float) -> float:
    """The share of rows up to a value, interpolated between quantiles."""
    if value >= quantiles[-1]:
        return 1.0
    if value < quantiles[0]:
        return 0.0
    index = max(number for number, quantile in enumerate(quantiles) if quantile <= value)
    low, high = quantiles[index], quantiles[index + 1]
    return float(QUANTILES[index] + (QUANTILES[index + 1] - QUANTILES[index]) * (value - low) / (high - low))


def distance(mixes: Mapping[Any, tuple[float, float]]) -> float:
    """The Jensen-Shannon distance, base 2: 0 (the same) to 1."""
    total = 0.0
    for shares in mixes.values():
        middle = sum(shares) / 2
        total += sum(share * math.log2(share / middle) for share in shares if share > 0) / 2
    return math.sqrt(max(total, 0.0))


def _mix_noise(mixes: Mapping[Any, Any], now: ColumnProfile, usual: ColumnProfile) -> float:
    rows = 1 / _filled(now) + 1 / _filled(usual)
    return NOISE * math.sqrt(max(len(mixes) - 1, 1) / (8 * math.log(2)) * rows)


def _noise(share: float, rows: int) -> float:
    """Four standard errors of a share."""
    return 4 * math.sqrt(max(share * (1 - share), 1 / max(rows, 1)) / max(rows, 1))


def _filled(column: ColumnProfile) -> int:
    return column.rows - column.nulls


def _has_enough(*columns: ColumnProfile) -> bool:
    return all(_filled(column) >= ROWS_NEEDED for column in columns)
