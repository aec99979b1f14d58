"""What the sections of events and attribution refuse."""

from __future__ import annotations

import pytest

from tests.support.pipeline_files import problems  # noqa: F401

AFTER = "    role: Role\n"
METRIC = "{name: sales, event_type: buy, expression: %s}"


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ("metric_attribution: {metrics: []}", "at least 1 item"),
        (f"metric_attribution: {{metrics: [{METRIC % 'AVG(Items.PRICE)'}]}}", "is no expression"),
        (f"metric_attribution: {{metrics: [{METRIC % 'SUM(Items.PRICE)'}]}}", "no dataset `items`"),
        (f"metric_attribution: {{metrics: [{METRIC % 'SUM(Interactions.NOTHING)'}]}}", "no column NOTHING"),
        (
            f"metric_attribution: {{metrics: [{METRIC % 'SAMPLECOUNT()'}, {METRIC % 'SAMPLECOUNT()'}]}}",
            "more than once: sales",
        ),
        ("event_tracker: {name: 'a b'}", "pattern"),
        ("comparison: {attribute: gender}", "no dataset `users`"),
        ("comparison: {held_back_days: 0}", "greater than or equal to 1"),
        ("comparison: {users: 10}", "greater than or equal to 50"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(problems, section, reason):  # noqa: F811
    lines = problems(AFTER, f"{AFTER}    {section}\n")
    assert any(reason in line and section.split(":")[0] in line for line in lines), lines
