"""The settings of the comparison of versions on the same users."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from encore.config.base import Settings

FOLDER = "batch/comparison"  # below the group's prefix; the clean-up knows what batch jobs leave
Judged = Literal["ndcg_at_25", "mrr_at_25", "precision_at_25", "recall_at_25"]


class Comparison(Settings):
    """The new and the live version answer for the same users, and are judged by days that neither was trained on.

    The newest days are kept from the import, so models learn of them that much later.
    """

    held_back_days: int = Field(
        1, ge=1, le=30, description="Newest exported days that are not imported, but judged by"
    )
    users: int = Field(1000, ge=50, le=10_000, description="Most users to sample")
    attribute: str | None = Field(
        None,
        min_length=1,
        description="Column of the Users schema by whose values the table is split as well",
    )
    scan_rows: int = Field(
        2_000_000,
        ge=1_000,
        description="Newest imported interactions that histories and baselines are made of",
    )


class SameUsersRule(Settings):
    """What the comparison on the same users must show. It decides by the interval, not by the difference itself."""

    metric: Judged = "ndcg_at_25"
    require: Literal["not_worse", "better"] = Field(
        "not_worse",
        description="`better`: the whole interval is above zero. `not_worse`: all of it is above the loss allowed",
    )
    not_worse_by: float = Field(
        0.15, gt=0, lt=1, description="Loss allowed, as a share of the live version's metric"
    )
    undecided: Literal["promote", "ask", "hold"] = Field(
        "ask", description="When the interval neither meets what is required nor is wholly below zero"
    )
    confidence: float = Field(0.95, gt=0.5, lt=1, description="Of the interval, two-sided")
