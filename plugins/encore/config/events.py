"""The sections for what happens online: the tracker that takes events, and what recommended items have led to."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from encore.config.base import Name, Settings

FOLDER = "attribution"  # below the group's prefix
EXPRESSION = re.compile(
    r"SAMPLECOUNT\(\)|SUM\((?P<dataset>Interactions|Items)\.(?P<column>\w+)\)", re.IGNORECASE
)
Text = Annotated[str, StringConstraints(min_length=1, max_length=256)]


def _expression(text: str) -> str:
    if not EXPRESSION.fullmatch(text):
        raise ValueError(
            f"{text!r} is no expression: use SAMPLECOUNT(), SUM(Interactions.COLUMN) or SUM(Items.COLUMN)"
        )
    return text


class EventTracker(Settings):
    """Takes the application's events (PutEvents): histories have them at once, trainings with the next run."""

    name: Name | None = Field(None, description="Defaults to the group's name")


class AttributedMetric(Settings):
    """One sum over events of a type, by what recommended the item."""

    name: Text
    event_type: Text
    expression: Annotated[str, AfterValidator(_expression)] = Field(
        "SAMPLECOUNT()", max_length=256, description="SAMPLECOUNT(), or SUM of a column of numbers"
    )


class MetricAttribution(Settings):
    """What recommended items have led to: sums in CloudWatch, and reports in S3 where asked for."""

    name: Name | None = Field(None, description="Defaults to the group's name")
    metrics: list[AttributedMetric] = Field(min_length=1, max_length=10)
    reports: bool = Field(
        True,
        description="Write reports to <prefix>/attribution/ as well; CloudWatch has the sums in any case",
    )

    @model_validator(mode="after")
    def _distinct(self) -> MetricAttribution:
        names = [metric.name for metric in self.metrics]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"metric named more than once: {', '.join(repeated)}")
        return self
