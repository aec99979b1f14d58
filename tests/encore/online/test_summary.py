"""What recommendations have led to, by version, with intervals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from encore.config.models import DatasetGroup
from encore.metric_names import METRIC
from encore.online.readings import Readings, merged, window
from encore.online.summary import rate, summary

START = datetime(2026, 3, 1, tzinfo=UTC)
ARN = "arn:aws:personalize:us-east-1:123456789012"
CAMPAIGN = f"{ARN}:campaign/home"


def group(**fields) -> DatasetGroup:
    return DatasetGroup.model_validate(
        {
            "name": "shop",
            "role": "Role",
            "bucket": "encore-shop",
            "datasets": {"interactions": {"schema": "i.json", "sql": "i.sql"}},
            "solutions": [
                {
                    "name": "personal",
                    "recipe": "aws-user-personalization-v2",
                    "campaign": {"name": "home"},
                },
                {"name": "popular", "recipe": "aws-popularity-count"},
            ],
            "metric_attribution": {
                "metrics": [
                    {"name": "clicks", "event_type": "click"},
                    {
                        "name": "revenue",
                        "event_type": "purchase",
                        "expression": "SUM(Interactions.EVENT_VALUE)",
                    },
                ]
            },
            **fields,
        }
    )


def row(number: int, **fields):
    return {
        "solution": "personal",
        "solution_version_arn": f"{ARN}:solution/personal/{number:08x}",
        "recorded_at": START + timedelta(days=number),
        "outcome": "promoted",
        "metrics": {METRIC: 0.1 * (number + 1)},
        **fields,
    }


def hours(*numbers: int) -> list[datetime]:
    return [START + timedelta(hours=number) for number in numbers]


def test_each_version_has_what_its_own_answers_led_to():
    past = [row(0), row(1, live_from=START + timedelta(hours=26)), row(2, outcome="held")]
    times = hours(2, 24, 26, 60)
    readings = Readings(
        {("CLICKS", CAMPAIGN, hour): clicks for hour, clicks in zip(times, (10, 5, 40, 20), strict=True)},
        {(CAMPAIGN, hour): 100.0 for hour in times},
    )
    online = summary(group(), past, readings)
    newest, before = online.periods
    assert newest.version.endswith("/00000001")
    assert before.version.endswith("/00000000")
    assert (before.rates["clicks"].total, before.answers, before.offline) == (15, 200, pytest.approx(0.1))
    assert (newest.rates["clicks"].total, newest.answers, newest.offline) == (60, 200, pytest.approx(0.2))
    assert newest.rates["clicks"].value == 0.3
    assert [rate.total for _, rate in online.days["personal", "clicks"]] == [10, 45, 20], "days, not versions"


def test_what_comes_from_no_campaign_of_the_file_is_named_apart():
    readings = Readings(
        {("CLICKS", "NEWSLETTER", START): 7.0, ("CLICKS", "SOURCE_NAME_UNDEFINED", START): 2.0}
    )
    online = summary(group(), [row(0)], readings)
    assert not online.periods
    assert online.others == {"NEWSLETTER": {"CLICKS": 7.0}, "events without a source": {"CLICKS": 2.0}}


def test_a_group_without_an_attribution_has_no_results():
    assert summary(group(metric_attribution=None), [row(0)], Readings()) is None


@pytest.mark.parametrize(("clicks", "answers"), [(0, 50), (3, 200), (50, 400)])
def test_the_interval_of_a_count_is_wilsons(clicks, answers):
    measured = rate(np.array([clicks]), np.array([answers]), is_count=True)
    z, share = 1.959964, clicks / answers
    middle = (share + z * z / (2 * answers)) / (1 + z * z / answers)
    half = z / (1 + z * z / answers) * np.sqrt(share * (1 - share) / answers + z * z / (4 * answers**2))
    assert (measured.low, measured.high) == pytest.approx((middle - half, middle + half), abs=1e-6)


def test_more_events_than_answers_are_no_share_of_them():
    measured = rate(np.array([300]), np.array([100]), is_count=True)
    assert measured.low < 3 < measured.high


@pytest.mark.parametrize("is_count", [True, False])
def test_an_interval_covers_the_truth_as_often_as_it_says(is_count):
    draw = np.random.default_rng(5)
    covered = 0
    for _ in range(60):
        answers = draw.integers(20, 60, 24)
        clicks = draw.binomial(answers, 0.2)
        values = clicks if is_count else np.array([draw.gamma(2, 5, number).sum() for number in clicks])
        measured = rate(values, answers, is_count=is_count)
        covered += measured.low <= (0.2 if is_count else 2.0) <= measured.high
    assert covered >= 51  # 95% of 60 is 57; fewer than 51 come once in two hundred times


def test_without_counted_answers_there_is_a_total_and_no_rate():
    measured = rate(np.array([5.0]), np.array([0.0]), is_count=True)
    assert (measured.total, measured.value, measured.low) == (5, None, None)


def test_reports_fill_what_cloudwatch_does_not_have_and_nothing_is_added_up():
    at, later = START, START + timedelta(hours=1)
    measured = merged(
        Readings({("CLICKS", CAMPAIGN, at): 3.0}),
        {("CLICKS", CAMPAIGN, at): 9.0, ("CLICKS", CAMPAIGN, later): 4.0},
    )
    assert measured.sums == {("CLICKS", CAMPAIGN, at): 3.0, ("CLICKS", CAMPAIGN, later): 4.0}


def test_the_window_is_of_whole_hours_and_holds_the_present_one():
    since, until = window(START + timedelta(minutes=17))
    assert until == START + timedelta(hours=1)
    assert until - since == timedelta(days=14)
