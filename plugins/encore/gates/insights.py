"""What the service's console would say of the data once it is imported, before it is.

The insights, their limits and what to do are those of the developer guide's "Analyzing quality and quantity of data in
Amazon Personalize datasets". The guide does not say what an outlier is: here it is a number more than three
interquartile ranges outside of the quartiles (J. W. Tukey, "Exploratory Data Analysis", 1977: far out).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airflow_personalize.export.statistics.profile import QUANTILES, TOP, ColumnProfile, Profile
from airflow_personalize.export.statistics.training_minimum import INTERACTIONS, USERS_WITH_TWO
from encore.gates.drift import MOVING

INTERACTIONS_RECOMMENDED, USERS_RECOMMENDED = 50_000, 1_000
COMPLETE, TEXT_COMPLETE = 0.7, 0.85
CATEGORIES, EVENT_TYPES = 30, 10
FAR_OUT = 3
UNTOUCHED_SHOWN = 0.01
#: Ours: shares of repeated events, and of one user in all interactions, that are worth a look.
REPEATED_SHOWN, ONE_USER_SHOWN = 0.01, 0.1


def insights(profiles: Mapping[str, Profile]) -> list[str]:
    """A sentence each: what was found, and what to do about it.

    :param profiles: of all rows of each dataset
    """
    lines = [f"{profile.dataset}: {text}" for profile in profiles.values() for text in _of_dataset(profile)]
    interactions = profiles.get("interactions")
    for dataset, name in (("items", "ITEM_ID"), ("users", "USER_ID")):
        if interactions and dataset in profiles:
            lines += _untouched(profiles[dataset], interactions, name)
    return lines


def changed_columns(now: Profile, before: Profile | None) -> Iterator[str]:
    """A sentence where the columns of a dataset are not those of the rows that were imported last.

    :param before: of the rows imported last; None before the first import
    """
    names, usual = ([column.name for column in profile.columns] for profile in (now, before or now))
    new = [name for name in names if name not in usual]
    vanished = [name for name in usual if name not in names]
    changes = [*(f"{name} is new" for name in new), *(f"{name} is no longer exported" for name in vanished)]
    if changes:
        yield (
            f"{now.dataset}: {', '.join(changes)} since the last import. "
            "Versions trained before and after know different columns"
        )


def _of_dataset(profile: Profile) -> Iterator[str]:
    if profile.dataset == "interactions":
        yield from _of_interactions(profile)
    yield from _missing(profile.columns, profile)
    outliers = [text for column in profile.columns if (text := _outliers(column))]
    if outliers:
        yield f"numbers far outside of the others in {', '.join(outliers)}. Check them for mistakes"
    many = [
        column.name
        for column in profile.columns
        if column.flag == "categorical" and len(column.top) > CATEGORIES
    ]
    if many:
        yield (
            f"more than {CATEGORIES} categories in {', '.join(many)}. Look for different spellings of one category"
        )


def _of_interactions(profile: Profile) -> Iterator[str]:
    if profile.rows < INTERACTIONS:
        yield f"only {profile.rows:,} interactions, training needs {INTERACTIONS:,}"
    elif profile.rows < INTERACTIONS_RECOMMENDED:
        yield f"{profile.rows:,} interactions; {INTERACTIONS_RECOMMENDED:,} or more are recommended"
    users = profile.users_with_two
    if users is not None and users < USERS_WITH_TWO:
        yield f"only {users:,} users with two or more interactions, training needs {USERS_WITH_TWO}"
    elif users is not None and users < USERS_RECOMMENDED:
        yield f"{users:,} users with two or more interactions; {USERS_RECOMMENDED:,} or more are recommended"
    kinds, times = profile.column("EVENT_TYPE"), profile.column("TIMESTAMP")
    if kinds and len(kinds.top) > EVENT_TYPES:
        yield (
            f"{len(kinds.top)} event types, training fails with more than {EVENT_TYPES}. Look for spellings of one type"
        )
    if times and profile.rows > 1 and times.minimum is not None and times.minimum == times.maximum:
        yield "all interactions have the same timestamp, recipes of user segmentation cannot train on them"
    if profile.repeated_events and profile.repeated_events > REPEATED_SHOWN * profile.rows:
        share = profile.repeated_events / profile.rows
        yield f"about {share:.1%} of the events are there more than once; the service keeps one of each"
    user = profile.column("USER_ID")
    name, count = next(iter(user.top.items()), ("", 0)) if user else ("", 0)
    if profile.rows >= INTERACTIONS and count > ONE_USER_SHOWN * profile.rows:
        yield f"about {count / profile.rows:.0%} of the interactions are of user {name!r}: a robot, or nobody's id?"


def _missing(columns: Iterable[ColumnProfile], profile: Profile) -> Iterator[str]:
    incomplete = profile.incomplete_rows / profile.rows if profile.rows else 0.0
    if incomplete > 1 - COMPLETE:
        yield f"{incomplete:.0%} of the rows lack a value; columns should be at least {COMPLETE:.0%} complete"
    thin = [
        column
        for column in columns
        if column.flag != "textual" and column.rows and column.null_share > 1 - COMPLETE
    ]
    if thin:
        named = ", ".join(f"{column.name} ({1 - column.null_share:.0%})" for column in thin)
        yield f"less than {COMPLETE:.0%} complete: {named}. Fill them with an average, or with the usual value"
    texts = [
        column for column in columns if column.flag == "textual" and column.null_share > 1 - TEXT_COMPLETE
    ]
    if texts:
        named = ", ".join(f"{column.name} ({1 - column.null_share:.0%})" for column in texts)
        yield f"texts less than {TEXT_COMPLETE:.0%} complete are not used in training: {named}"


def _outliers(column: ColumnProfile) -> str | None:
    if not column.is_number or column.name.upper() in MOVING or not column.quantiles:
        return None
    low, high = (column.quantiles[QUANTILES.index(level)] for level in (0.25, 0.75))
    reach = FAR_OUT * (high - low)
    far: list[Any] = [column.minimum, column.maximum]
    if not reach or (low - reach <= far[0] and far[1] <= high + reach):
        return None
    return f"{column.name} ({far[0]:g} to {far[1]:g}, half of them {low:g} to {high:g})"


def _untouched(profile: Profile, interactions: Profile, name: str) -> Iterator[str]:
    own, seen = profile.column(name), interactions.column(name)
    if not own or not seen or not own.sample or not seen.sample:
        return
    share = own.sample.share_outside(seen.sample)
    if share is not None and share > UNTOUCHED_SHOWN:
        what = "they may not be recommended" if name == "ITEM_ID" else "they get what is popular"
        yield f"{profile.dataset}: about {share:.0%} have no interactions, {what}. Compare the ids in both queries"


assert CATEGORIES < TOP, "profiles list enough values to tell that they are too many"
