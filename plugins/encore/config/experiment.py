"""The section for an A/B test: two solutions side by side in their campaigns, shown to users by lot."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from encore.config.base import Name, Settings

FOLDER = "experiments"  # below the group's prefix


class Experiment(Settings):
    """Users are divided by a hash of their ids; by what they do, looked at a few times, one of two solutions wins."""

    name: Name = Field(description="Part of the hash: users are dealt anew under another name")
    champion: Name = Field(description="Solution whose campaign users saw before")
    challenger: Name = Field(description="Solution whose campaign a share of them sees")
    share: float = Field(0.5, gt=0, lt=1, description="Of the users, who see the challenger")
    begin: date = Field(description="First day")
    days: int = Field(28, ge=1, le=366, description="After so many days it ends, with a winner or without")
    analyses: int = Field(
        4, ge=1, le=60, description="How often it is judged, in even steps; `error` is shared by them"
    )
    event_type: Annotated[str, StringConstraints(min_length=1, max_length=256)] = Field(
        description="What users do that counts, e.g. purchase"
    )
    measure: Literal["users", "events", "value"] = Field(
        "users",
        description="`users`: share of users who do it; `events`: how often a user does; `value`: a user's EVENT_VALUE",
    )
    error: float = Field(
        0.05,
        gt=0,
        lt=0.5,
        description="Chance that one of two equal solutions is called the winner, over all analyses",
    )
    winner: Literal["ask", "promote"] = Field(
        "ask", description="Whether a person is asked before all users see a challenger that has won"
    )
    keep_loser_days: int | None = Field(
        2, ge=0, description="Days after the end until the loser's campaign is deleted; empty: never"
    )
    schedule: str = Field("30 2 * * *", description="Cron expression of judge_experiment, UTC")

    @model_validator(mode="after")
    def _consistent(self) -> Experiment:
        if self.champion == self.challenger:
            raise ValueError(f"champion and challenger are both {self.champion}")
        if self.analyses > self.days:
            raise ValueError(f"{self.analyses} analyses in {self.days} days: there is one a day at most")
        return self

    @property
    def analysis_days(self) -> list[date]:
        """The days after whose end it is judged."""
        return [
            self.begin + timedelta(days=math.ceil(self.days * analysis / self.analyses) - 1)
            for analysis in range(1, self.analyses + 1)
        ]
