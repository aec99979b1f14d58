"""Which day partitions a run of `export_interactions` writes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

#: What a run does about days that were never exported: export them first, or go on without.
FROM_FIRST_INTERACTION, AS_EXPORTED = "first_interaction", "exported"
DAYS_PER_TASK = 31
#: More days whose beginning nobody has stated are rather one row with a wrong timestamp than a shop of ten years.
MOST_HISTORY = 3_660


class HistoryError(ValueError):
    """Nothing, or too much, is there to export first. The message names what to do."""


def days_to_export(
    from_date: str | date | None,
    to_date: str | date | None,
    interval: tuple[datetime, datetime] | None,
    today: date,
    reexport_days: int = 0,
) -> list[date]:
    """The UTC days of a run: those between two given dates (both included), else the run's data interval.

    :param reexport_days: days before the run's own that it exports again, for rows that were committed late
    :raises ValueError: if only one date is given, they are in the wrong order, or the last day is not over.
    """
    if (from_date is None) != (to_date is None):
        raise ValueError("from_date and to_date go together: give both, or neither for the run's own day.")
    if from_date is None or to_date is None:
        if interval is None:
            raise ValueError("This run has no data interval: give from_date and to_date.")
        own, last = interval[0].astimezone(UTC).date(), _last_day(interval[1])
        first = own - timedelta(days=reexport_days)
    else:
        first, last = _day(from_date), _day(to_date)
    if first > last:
        raise ValueError(f"from_date {first} is after to_date {last}.")
    if last >= today:
        raise ValueError(f"{last} is not over yet (UTC): a day is exported when it is complete.")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def missing_days(
    exported: Collection[str], first: date | None, earliest: date | None, last: date
) -> list[date]:
    """The days from the first interaction on that were never exported.

    :param exported: keys of exported days, YYYY-MM-DD
    :param first: the day of the first interaction that is on none of them or before them; None if there is none
    :param earliest: the day before which nothing is exported, where somebody has said one
    :param last: the last day that is over
    :raises HistoryError: when there are too many to be meant, and nobody has said where they begin
    """
    begins = min([key for key in exported if key <= last.isoformat()], default=None)
    known = [day for day in (first, begins and date.fromisoformat(begins)) if day]
    if not known:
        return []
    start = max(min(known), earliest) if earliest else min(known)
    days = [start + timedelta(days=number) for number in range((last - start).days + 1)]
    missing = [day for day in days if day.isoformat() not in exported]
    if earliest is None and len(missing) > MOST_HISTORY:
        raise HistoryError(
            f"The first interaction is of {start}, so {len(missing):,} days were never exported. If its timestamp is"
            " wrong, mend the row or the query; else give `history_start` in the pipeline file: it may be that day."
        )
    return missing


def partitions(days: Sequence[date]) -> list[dict[str, Any]]:
    """One partition a day, as `SqlToPersonalizeDatasetOperator` takes them."""
    return [
        {"key": day.isoformat(), "start": _midnight(day), "end": _midnight(day + timedelta(days=1))}
        for day in days
    ]


def in_tasks(days: Sequence[date], per_task: int = DAYS_PER_TASK) -> list[list[dict[str, Any]]]:
    """The partitions of `days`, at most `per_task` to a mapped task."""
    return [partitions(days[start : start + per_task]) for start in range(0, len(days), per_task)]


def _day(value: str | date) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _last_day(end: datetime) -> date:
    return (end.astimezone(UTC) - timedelta(microseconds=1)).date()


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), UTC).isoformat()
