"""What is read on a news site: generated, since no such log can be had.

Articles are published by day, few are read a lot, interest rises within hours and fades within a day or so, each at a
pace of its own; readers come in the morning, at noon and in the evening. A few pages are read every day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HOUR = 3600
DAY = 86_400
START = 1_700_006_400  # midnight
LIFE_HOURS = 24 * 7


@dataclass(frozen=True)
class Stream:
    """Reads, oldest first: `item` int32 and `time` int64 (epoch seconds), both [reads], of `items` pages in `days`."""

    item: np.ndarray
    time: np.ndarray
    items: int
    days: int

    def section(self, begin: int, end: int) -> Stream:
        """The reads of `begin <= time < end`, seconds since the first day began."""
        part = slice(*np.searchsorted(self.time, [START + begin, START + end]))
        return Stream(self.item[part], self.time[part], self.items, self.days)


def stream(
    days: int = 74, articles_a_day: int = 60, reads: float = 60, lasting: int = 10, seed: int = 0
) -> Stream:
    """
    :param reads: of the median article in its life.
    :param lasting: pages that are read every day.
    """
    rng = np.random.default_rng(seed)
    hours = np.arange(24)
    publishing = np.exp(-(((hours - 11) / 4.5) ** 2)) + 0.5 * np.exp(-(((hours - 17) / 2.5) ** 2)) + 0.03
    peaks = np.array([[8, 1.0], [13, 0.7], [20, 1.0]])
    reading = 0.15 + (peaks[:, 1:] * np.exp(-(((hours - peaks[:, :1]) / 3) ** 2))).sum(axis=0)
    articles = days * articles_a_day
    born = np.repeat(np.arange(days) * 24, articles_a_day) + rng.choice(
        24, articles, p=publishing / publishing.sum()
    )
    age = np.arange(LIFE_HOURS) + 0.5
    rise = rng.lognormal(0, 0.6, articles)[:, None]
    fade = rng.lognormal(np.log(24), 0.9, articles)[:, None] / np.log(2)
    interest = (1 - np.exp(-age / rise)) * np.exp(-age / fade)
    appeal = reads * rng.lognormal(0, 1.1, articles)[:, None] / interest.sum(axis=1, keepdims=True)
    hour = born[:, None] + np.arange(LIFE_HOURS)
    season = reading / reading.mean()
    counts = rng.poisson(appeal * interest * season[hour % 24])
    daily = rng.lognormal(np.log(reads / 80), 0.7, lasting)[:, None] * season[np.arange(days * 24) % 24]
    item = np.repeat(np.broadcast_to(np.arange(articles)[:, None], counts.shape).ravel(), counts.ravel())
    when = np.repeat(hour.ravel(), counts.ravel())
    usual = rng.poisson(daily)
    item = np.append(item, articles + np.repeat(np.repeat(np.arange(lasting), days * 24), usual.ravel()))
    when = np.append(when, np.repeat(np.tile(np.arange(days * 24), lasting), usual.ravel()))
    time = START + when * HOUR + rng.integers(0, HOUR, len(when))
    order = np.argsort(time, kind="stable")
    order = order[time[order] < START + days * DAY]
    return Stream(item[order].astype(np.int32), time[order], articles + lasting, days)
