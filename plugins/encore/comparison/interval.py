"""By how much one version's users fare better than the other's, and how sure that is.

The users are the same, so the differences are paired, and it is users that are drawn again: the bias-corrected and
accelerated bootstrap of Efron, "Better bootstrap confidence intervals" (JASA 1987), as `scipy.stats.bootstrap` has it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2_999
FEWEST_USERS = 20  # below, an interval of any method is a guess
SEED = 20_261


@dataclass(frozen=True)
class Interval:
    """A mean difference of `users` pairs, and the interval that it lies in with the given confidence."""

    difference: float
    low: float
    high: float
    users: int


def paired(new: np.ndarray, other: np.ndarray, confidence: float) -> Interval | None:
    """The interval of the mean of `new - other`; None with fewer than `FEWEST_USERS` pairs.

    :param new: a metric of each user, nan where there is none; `other` likewise, of the same users
    :param confidence: of the whole interval, e.g. 0.95
    """
    from scipy.stats import bootstrap

    differences = (new - other)[~np.isnan(new - other)]
    if len(differences) < FEWEST_USERS:
        return None
    mean = float(differences.mean())
    if np.ptp(differences) == 0:  # nothing varies, so nothing is in doubt
        return Interval(mean, mean, mean, len(differences))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns where it falls back; the bounds say so
        bounds = bootstrap(
            (differences,),
            np.mean,
            n_resamples=RESAMPLES,
            batch=max(1, 2_000_000 // len(differences)),
            confidence_level=confidence,
            method="BCa",
            rng=np.random.default_rng(SEED),
        ).confidence_interval
    low, high = float(bounds.low), float(bounds.high)
    if np.isnan(low) or np.isnan(high):
        low, high = _percentile(differences, confidence)
    return Interval(mean, low, high, len(differences))


def _percentile(differences: np.ndarray, confidence: float) -> tuple[float, float]:
    """Where the acceleration can't be computed: the percentiles of the resampled means."""
    draw = np.random.default_rng(SEED)
    means = [draw.choice(differences, len(differences)).mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
