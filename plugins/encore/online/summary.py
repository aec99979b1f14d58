"""What recommendations have led to, by campaign and version, beside what was measured offline.

Rates are a hundred answers each. The interval of a count is Wilson's ("Probable inference", JASA 1927), where no answer
led to more than one event on average; else that of a Poisson rate (Garwood, Biometrika 1936). A sum, such as the
revenue, has the BCa bootstrap interval of the ratio, hours drawn again (Efron, JASA 1987).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from encore.config.models import DatasetGroup, Solution
from encore.metric_names import METRIC
from encore.online.readings import UNDEFINED_SOURCE, Readings

CONFIDENCE = 0.95
FEWEST_HOURS = 8  # that a bootstrap of sums needs
RESAMPLES, SEED = 1_999, 20_261

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rate:
    """
    :param total: of the metric
    :param value: the total of one answer; None where the answers were not counted
    :param low: of the interval that `value` lies in, with `high`; None where there is too little for one
    """

    total: float
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Period:
    """What came of a campaign's answers while one version was live in it.

    :param version: its ARN; None before the history begins
    :param offline: its metric, as the service measured it
    :param rates: by metric
    """

    campaign: str
    solution: str
    recipe: str
    version: str | None
    first: datetime
    last: datetime
    offline: float | None
    answers: float
    rates: Mapping[str, Rate]


@dataclass(frozen=True)
class Online:
    """
    :param metrics: names, as the file has them
    :param periods: of each solution the newest version first
    :param days: by solution and metric, what came of each day, whatever was live: the day, and its rate
    :param others: totals by metric of the sources that are no campaign of the file, by source
    :param metric: the offline metric
    """

    metrics: Sequence[str]
    periods: Sequence[Period]
    days: Mapping[tuple[str, str], Sequence[tuple[datetime, Rate]]]
    others: Mapping[str, Mapping[str, float]]
    problems: Sequence[str]
    metric: str = METRIC


def summary(group: DatasetGroup, past: Sequence[Row], readings: Readings) -> Online | None:
    """None for a group without a metric attribution.

    :param past: the history, oldest first
    """
    if group.metric_attribution is None:
        return None
    metrics = group.metric_attribution.metrics
    names = [metric.name for metric in metrics]
    counts = {metric.name for metric in metrics if metric.expression.upper().startswith("SAMPLECOUNT")}
    sources = {source for _, source, _ in readings.sums} | {campaign for campaign, _ in readings.requests}
    campaigns = {source.split("/")[-1]: source for source in sources if ":campaign/" in source}
    periods = [
        period
        for solution in group.solutions
        if (campaign := campaigns.get(solution.campaign_name))
        for period in _periods(solution, campaign, past, readings, names, counts)
    ]
    known = {campaigns.get(solution.campaign_name) for solution in group.solutions}
    others: dict[str, dict[str, float]] = {}
    for (metric, source, _), value in readings.sums.items():
        if source not in known:
            totals = others.setdefault(
                "events without a source" if source == UNDEFINED_SOURCE else source, {}
            )
            totals[metric] = totals.get(metric, 0.0) + value
    days = {
        (solution.name, name): _by_day(readings, campaign, name, is_count=name in counts)
        for solution in group.solutions
        if (campaign := campaigns.get(solution.campaign_name))
        for name in names
    }
    return Online(names, periods, days, others, readings.problems)


def _periods(
    solution: Solution,
    campaign: str,
    past: Sequence[Row],
    readings: Readings,
    names: Sequence[str],
    counts: set[str],
) -> list[Period]:
    """What came of each version, the newest first. An hour belongs to the version that was live at its end."""
    served = served_versions(past, solution.name)
    by_version: dict[str | None, list[datetime]] = {}
    for hour in _hours(readings, campaign):
        before = [version for since, version in served if since.timestamp() < hour.timestamp() + 3600]
        by_version.setdefault(before[-1] if before else None, []).append(hour)
    offline = {
        row["solution_version_arn"]: row["metrics"] for row in past if row["solution"] == solution.name
    }
    periods = []
    for version, own in by_version.items():
        rates = {
            name: rate(*_columns(readings, campaign, name, own), is_count=name in counts) for name in names
        }
        measured = offline.get(version)
        periods.append(
            Period(
                campaign.split("/")[-1],
                solution.name,
                solution.recipe,
                version,
                own[0],
                own[-1],
                measured.get(METRIC) if measured else None,
                sum(readings.requests.get((campaign, hour), 0.0) for hour in own),
                rates,
            )
        )
    return periods[::-1]


def served_versions(past: Sequence[Row], solution: str) -> list[tuple[datetime, str]]:
    """When which version of a solution went live, oldest first."""
    served = []
    for row in past:
        if row["solution"] == solution and row["outcome"] == "promoted":
            served.append((row.get("live_from") or row["recorded_at"], str(row["solution_version_arn"])))
    return sorted(served)


def _by_day(readings: Readings, campaign: str, metric: str, *, is_count: bool) -> list[tuple[datetime, Rate]]:
    by_day: dict[datetime, list[datetime]] = {}
    for hour in _hours(readings, campaign):
        by_day.setdefault(hour.replace(hour=0), []).append(hour)
    return [
        (day, rate(*_columns(readings, campaign, metric, hours), is_count=is_count))
        for day, hours in by_day.items()
    ]


def _hours(readings: Readings, campaign: str) -> list[datetime]:
    """The hours in which a campaign was asked, or led to anything, oldest first."""
    hours = {hour for _, source, hour in readings.sums if source == campaign}
    return sorted(hours | {hour for source, hour in readings.requests if source == campaign})


def _columns(
    readings: Readings, campaign: str, metric: str, hours: Sequence[datetime]
) -> tuple[np.ndarray, np.ndarray]:
    """The metric and the answers of each hour."""
    values = [readings.sums.get((metric.upper(), campaign, hour), 0.0) for hour in hours]
    return np.array(values), np.array([readings.requests.get((campaign, hour), 0.0) for hour in hours])


def rate(values: np.ndarray, answers: np.ndarray, *, is_count: bool) -> Rate:
    """
    :param values: of the metric, [hours]; `answers` likewise
    :param is_count: of events; else it is a sum of their values
    """
    total, requested = float(values.sum()), float(answers.sum())
    if not requested:
        return Rate(total)
    low, high = _of_count(total, requested) if is_count else _of_sum(values, answers)
    return Rate(total, total / requested, low, high)


def _of_count(total: float, requested: float) -> tuple[float, float]:
    from scipy.stats import binomtest, chi2

    if total <= requested:
        wilson = binomtest(round(total), round(requested)).proportion_ci(CONFIDENCE, method="wilson")
        return float(wilson.low), float(wilson.high)
    tail = (1 - CONFIDENCE) / 2
    low, high = chi2.ppf(tail, 2 * total) / 2, chi2.ppf(1 - tail, 2 * total + 2) / 2
    return float(low) / requested, float(high) / requested


def _of_sum(values: np.ndarray, answers: np.ndarray) -> tuple[float | None, float | None]:
    from scipy.stats import bootstrap

    used = answers > 0
    if used.sum() < FEWEST_HOURS:
        return None, None

    def ratio(numerator: np.ndarray, denominator: np.ndarray, axis: int = -1) -> np.ndarray:
        ratios: np.ndarray = numerator.sum(axis=axis) / denominator.sum(axis=axis)
        return ratios

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where nothing varies there is no interval, which nan says as well
        interval = bootstrap(
            (values[used], answers[used]),
            ratio,
            paired=True,
            vectorized=True,
            n_resamples=RESAMPLES,
            confidence_level=CONFIDENCE,
            method="BCa",
            rng=np.random.default_rng(SEED),
        ).confidence_interval
    low, high = float(interval.low), float(interval.high)
    return (None, None) if np.isnan(low) or np.isnan(high) else (low, high)
